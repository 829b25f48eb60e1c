package risk

import "fmt"

// drains are the ways to empty a wallet in short time.
var drains = []struct {
	minutes int64
	count   uint64
	share   float64 // of the balance at the window's start
}{
	{10, 5, 0.3},
	{60, 3, 0.5},
}

// rapidDrain finds many transactions that together take much of the balance. The confidence is the share that they take.
//
// What the wallet held at the window's start is what it holds now and what has left since. Deposits in between are not
// taken off, which makes the share smaller than it was: a wallet that is filled and emptied at once is not drained.
func rapidDrain(s situation) (float64, string) {
	now := unix(s.At) / 60
	for _, d := range drains {
		_, left := window(s.before.spent[:]).since(now - d.minutes)
		count, leaves := window(s.after.spent[:]).since(now - d.minutes)
		share := ratio(leaves, plus(s.Balance, left))
		if count >= d.count && share >= d.share {
			return share, fmt.Sprintf("%d transactions in %d minutes take %.0f %% of the balance", count, d.minutes, 100*share)
		}
	}
	return 0, ""
}
