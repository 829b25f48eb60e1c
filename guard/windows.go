package guard

import (
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

// windows are one wallet's spending windows while what the chain executed is added to them.
type windows struct {
	tx      Tx
	wallet  string
	spends  map[string]*limits.Spend // by what they count
	jettons jettonWallets
}

func openWindows(tx Tx, wallet string) (*windows, error) {
	w := &windows{tx: tx, wallet: wallet, spends: map[string]*limits.Spend{}}
	_, err := get(tx, keyJettons(wallet), &w.jettons)
	return w, err
}

// add counts what left at a chain time not after at, the window time.
func (w *windows) add(m Move, when, at time.Time) error {
	if m.Of != ton.Native {
		listed, lapsed := w.jettons.note(jettonWallet{Address: m.Of, Last: when.Unix()}, at)
		w.forget(lapsed)
		if !listed {
			return nil
		}
	}
	s, err := w.spend(m.Of)
	if err != nil {
		return err
	}
	return s.Add(when, at, m.Amount)
}

func (w *windows) spend(of string) (*limits.Spend, error) {
	if s := w.spends[of]; s != nil {
		return s, nil
	}
	w.spends[of] = &limits.Spend{}
	_, err := get(w.tx, keySpend(w.wallet, of), w.spends[of])
	return w.spends[of], err
}

func (w *windows) forget(lapsed []string) {
	for _, address := range lapsed {
		delete(w.spends, address)
	}
	forget(w.tx, w.wallet, lapsed)
}

// write keeps what was added.
func (w *windows) write() {
	for of, s := range w.spends {
		put(w.tx, keySpend(w.wallet, of), *s)
	}
	if len(w.jettons.List) > 0 {
		put(w.tx, keyJettons(w.wallet), w.jettons)
	}
}

// loadSpent reads what the windows of everything that the payload moves hold.
func (e *evaluation) loadSpent(tx Tx) error {
	if _, err := get(tx, keyJettons(e.wallet.ID), &e.jettons); err != nil {
		return err
	}
	if len(e.moves) > maxMoves {
		return nil // windows refuses, if layer 1 has not
	}
	for _, m := range e.moves {
		s, err := e.spentOf(tx, m)
		if err != nil {
			return err
		}
		e.spent = append(e.spent, s)
	}
	return nil
}

// countedAs returns what windows and live payloads count a move's asset as.
func (e *evaluation) countedAs(m Move) []string {
	if m.Of == ton.Native {
		return []string{m.Of}
	}
	return e.jettons.of(e.c.Intent.Asset, m.Of)
}

// spending is what left a wallet of one asset, or may yet, in all that it is limited by.
type spending struct {
	rolling  limits.Spent
	calendar limits.Spent // nothing where the agent's limits have no calendar
}

// and returns what both hold together.
func (s spending) and(o spending) (sum spending, err error) {
	if sum.rolling, err = s.rolling.And(o.rolling); err != nil {
		return sum, err
	}
	sum.calendar, err = s.calendar.And(o.calendar)
	return sum, err
}

// spentOf returns what left the wallet of a move's asset: of a jetton also from jetton wallets that its master used before.
func (e *evaluation) spentOf(tx Tx, m Move) (sum spending, err error) {
	zone := e.zone(m)
	for _, key := range e.countedAs(m) {
		var spend limits.Spend
		if _, err := get(tx, keySpend(e.wallet.ID, key), &spend); err != nil {
			return sum, err
		}
		var s spending
		if s.rolling, err = spend.At(e.at); err != nil {
			return sum, err
		}
		if zone != nil {
			if s.calendar, err = spend.Calendar(e.at, zone); err != nil {
				return sum, err
			}
		}
		if sum, err = sum.and(s); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// zone is the time zone of the calendar that limits a move's asset, nil for none.
func (e *evaluation) zone(m Move) *time.Location {
	if e.perms == nil {
		return nil
	}
	if l, _ := e.perms.LimitsOf(e.asset(m)); l.Calendar != nil {
		return l.Calendar.Zone
	}
	return nil
}

// learn keeps what layer 1 has proven of jetton wallets that were only seen on the chain, also where the payload is refused:
// as long as it isn't known which jetton they hold, they count for every one.
func (e *evaluation) learn(tx Tx, d Decision) {
	for _, m := range e.moves {
		if d.proven() && m.Of != ton.Native && e.jettons.name(m.Of, e.c.Intent.Asset) {
			put(tx, keyJettons(e.wallet.ID), e.jettons)
		}
	}
}

// proven reports whether layer 1 has found that the payload does what the request says.
func (d Decision) proven() bool {
	return slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return v.Layer == LayerIntent && v.Effect == Allow })
}

// track makes sure that what is reserved now can be counted once it has left.
func (e *evaluation) track(tx Tx) {
	for _, m := range e.moves {
		if m.Of == ton.Native {
			continue
		}
		_, lapsed := e.jettons.note(jettonWallet{m.Of, e.c.Intent.Asset, e.at.Unix()}, e.at)
		forget(tx, e.wallet.ID, lapsed)
		put(tx, keyJettons(e.wallet.ID), e.jettons)
	}
}
