// Package risk judges how risky a request is, from what it does and from what its wallet has done before: a score from 0
// to 100 with its level, fraud patterns, and how far the amount is from the usual. It is a pure function of a [State] of
// one wallet and asset, which is as large after a million transactions as after one:
//
//	var s risk.State                              // record b/<wallet>/<asset>
//	s.Add(risk.Paid{At: …, Amount: …, New: …})    // for each executed transaction, in chain order
//	a := risk.Assess(s, market, config, request)
//
// Only what the chain executed changes a state. The request that is judged, and payloads of others that may yet execute,
// count in the windows while they are judged and leave nothing behind, so an agent can't teach a wallet bad habits with
// payloads that it never sends. Sums that don't fit an amount, a balance or limit of zero, a market score that is no
// number: each counts as the worst. Hours are UTC.
//
// The score is the weighted mean of three components; without market data the other two carry its weight.
//
//	T  100·(1−Π(1−wᵢxᵢ)) over the factors of the transaction itself
//	B  how unlike its own past the wallet behaves: the worst of the amount's deviation (30 before the 20th transaction)
//	   and of the patterns
//	M  how much the market moves: the caller's to know
//
// A component of 95 or more lifts the level to high at least: an average must not hide it.
//
// Only an amount that is larger than usual deviates. Of the logarithm's mean and spread the newest amount weighs 1/64.
//
//	rapid_drain       block     5 transactions in 10 minutes with 30 % of the balance, or 3 in an hour with 50 %
//	new_dest_large    escalate  a destination gets more than usual in its first 24 h, or all new ones together get three
//	                            times that or 5 % of the balance
//	gradual_increase  alert     the last 8 amounts rise (Mann–Kendall τ ≥ 0.7), the last to twice the first
//	round_numbers     flag      of the last 8 amounts so many are round, which by the wallet's own rate is no chance (< 1 %)
//	timing_attack     monitor   an hour of the day at which the wallet is active less than 3 % of the time
//
// The balance at a window's start is today's and what has left since; deposits are not taken off. Windows are kept in
// minutes (an hour) and hours (a day), and the one that a window begins in counts in full.
//
// # What it does not promise
//
// The traffic test lets honest agents of four kinds live for weeks and attacks each in five ways: no pattern alarms more
// than 10 times in 1,000 requests after a wallet's first week, and no attack takes more than 5 % of the balance before
// something is denied or escalated. Beyond that:
//
//   - In a wallet's first days every destination is new. new_dest_large has a person look at them, about one request in six
//     of the first week, most of them of those who pay many from the first day on.
//   - A wallet that keeps paying ever new destinations much in a day, as a faucet does, is escalated all day.
//   - At the default threshold of two standard deviations about 2 % of honest amounts are anomalies. At three it is a quarter of a per cent.
//   - Who pays a new destination a little, waits for a day, and then sends what the wallet usually sends, as often as it
//     does, is not told from it. What that takes is for the limits and the whitelist to bound.
package risk
