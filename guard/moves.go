package guard

import (
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
)

// Move is how much of one asset a payload sends out of its wallet.
type Move struct {
	Of     string // what it counts as: native, or the raw address of the own jetton wallet that is told to send or burn
	Amount ton.Nano
}

// movesOf adds up what messages send, coins first. Which jetton it is that a jetton wallet holds, its body doesn't say, and
// the mirror need not know: what was sent counts, whatever it was.
func movesOf(messages []ton.Message) ([]Move, error) {
	moves := []Move{{Of: ton.Native}}
	for _, m := range messages {
		if err := addMove(&moves, ton.Native, m.Value); err != nil {
			return nil, err
		}
		if j := m.Jettons(); !j.IsZero() {
			if err := addMove(&moves, m.To.String(), j); err != nil {
				return nil, err
			}
		}
	}
	return moves, nil
}

func addMove(moves *[]Move, of string, n ton.Nano) (err error) {
	at := slices.IndexFunc(*moves, func(m Move) bool { return m.Of == of })
	if at < 0 {
		*moves = append(*moves, Move{of, n})
		return nil
	}
	(*moves)[at].Amount, err = (*moves)[at].Amount.Add(n)
	return err
}
