package policy

// field is one thing that conditions can be about.
type field struct {
	name string
	of   *fieldType
	says string
	get  func(*Values) []value // nil: it has no value
}

// registry are all fields there are. Its order is that of docs/policy.md, which is generated from it.
var registry = [...]field{
	{"type", typeRequest, "Type of the request.", func(v *Values) []value { return texts(v.Type) }},
	{"asset", typeAsset, "What the request moves. `prefix` with `jetton:` is every jetton.", func(v *Values) []value { return texts(v.Asset) }},
	{"amount", typeAmount, "How much of the asset the payload moves, in all its payments.", func(v *Values) []value { return nanos(v.Amount) }},
	{"destination", typeAddress, "Who gets it. The rules judge each payment of a batch.", func(v *Values) []value { return address(v.Destination) }},
	{"isNewDestination", typeFlag, "Whether the destination is new to the wallet.", func(v *Values) []value { return flags(v.IsNewDestination) }},
	{"destinationAge", typeDuration, "How long ago the wallet first paid the destination; 0s if it never did.", func(v *Values) []value { return durations(v.DestinationAge) }},
	{"opcode", typeOpcode, "First 32 bits of the message's body; 00000000 for a payment without an operation.", func(v *Values) []value { return opcodes(v.Opcode) }},
	{"sendMode", typeMode, "Send mode of the message.", func(v *Values) []value { return numbers(v.SendMode) }},
	{"messageCount", typeCount, "How many messages the payload sends.", func(v *Values) []value { return numbers(v.MessageCount) }},
	{"totalOut", typeCoins, "Coins that all messages of the payload carry.", func(v *Values) []value { return nanos(v.TotalOut) }},
	{"hour", typeHour, "Hour of the day, in the policy's time zone.", func(v *Values) []value { return numbers(v.Hour) }},
	{"weekday", typeWeekday, "Day of the week, in the policy's time zone: monday to sunday.", func(v *Values) []value { return numbers(v.Weekday) }},
	{"agentId", typeID, "The agent that asks.", func(v *Values) []value { return texts(v.AgentID) }},
	{"walletId", typeID, "The wallet that pays.", func(v *Values) []value { return texts(v.WalletID) }},
	{"strategy", typeStrategy, "The strategy that the agent states; no value if it is no word.", func(v *Values) []value { return stated(v.Strategy) }},
	{"confidence", typeShare, "The confidence that the agent states.", func(v *Values) []value { return numbers(v.Confidence) }},
	{"slippage", typeShare, "How much less than the pools give now a swap may give.", func(v *Values) []value { return numbers(v.Slippage) }},
	{"riskScore", typeScore, "Score of layer 3.", func(v *Values) []value { return scores(v.RiskScore) }},
	{"riskLevel", typeLevel, "Level of layer 3: low, medium, high, critical, in that order.", func(v *Values) []value { return ranks(v.RiskLevel, riskLevels) }},
	{"patterns", typePatterns, "Fraud patterns that match: rapid_drain, new_dest_large, round_numbers, timing_attack, gradual_increase. `eq` and `in` ask for one of them, `ne` and `not_in` for none.",
		func(v *Values) []value { return words(v.Patterns) }},
	{"spent24h", typeAmount, "What counts of the asset in the last 24 hours, this payload included.", func(v *Values) []value { return nanos(v.Spent24h) }},
	{"spent7d", typeAmount, "The same of 7 days.", func(v *Values) []value { return nanos(v.Spent7d) }},
	{"spent30d", typeAmount, "The same of 30 days.", func(v *Values) []value { return nanos(v.Spent30d) }},
	{"txLastHour", typeCount, "Requests of the agent that were reserved in the last hour, this one included.", func(v *Values) []value { return numbers(v.TxLastHour) }},
	{"balanceShare", typeShare, "Share of the wallet's balance of the asset that the payload moves.", func(v *Values) []value { return numbers(v.BalanceShare) }},
	{"validFor", typeDuration, "How long the payload may still be executed.", func(v *Values) []value { return durations(v.ValidFor) }},
	{"isWalletAdmin", typeFlag, "Whether the request changes the wallet itself.", func(v *Values) []value { return flags(v.IsWalletAdmin) }},
}

// fieldNamed finds a field's place in registry.
var fieldNamed = func() map[string]int {
	m := make(map[string]int, len(registry))
	for i, f := range registry {
		m[f.name] = i
	}
	return m
}()

var fieldAsset = fieldNamed["asset"]

// isAmount reports whether the field counts in the unit of the request's asset.
func (f field) isAmount() bool { return f.of == typeAmount }
