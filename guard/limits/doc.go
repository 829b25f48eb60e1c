// Package limits counts what left a wallet, and how often an agent asked, in rolling windows. A window is a row of
// buckets in chain time, of which only those that hold something are kept, so a record has a size that doesn't grow
// with history. The oldest bucket that a window touches counts in full: a window never counts less than what really
// fell into it, and may count up to one bucket more. What the calendar's day, week and month hold is added up from the same
// buckets.
//
// The package only adds up. What the limits are, and which time is the window's, is the guard's to say.
package limits
