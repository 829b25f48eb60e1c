package contracts

import "math"

// Bounds on a policy, those of layout.tolk. A spend must stay below gas_credit (10,000 gas before accept, config
// param 21), or the wallet takes no external message any more.
const (
	MaxRules       = 256
	MaxJettonRules = 32
	MaxPayees      = 32         // the contract bounds the depth of the list only
	MaxOps         = 64         // likewise
	MaxValidity    = 3600       // seconds; a signature that lives longer is a cheque
	MinReserve     = 50_000_000 // 0.05 TON: pays for recording a spend, so that what was accepted is always recorded

	maxRulesDepth  = 22 // of the whole tree, jetton rules and payees included
	maxPayeesDepth = 10
	maxOpsDepth    = 8
	maxCount       = math.MaxUint16
)

// Caps on what is read from outside.
const (
	maxStateCells = 65_536 // max_acc_state_cells (config param 43): no account has more
	maxStateDepth = 512    // max_depth of config param 43
	maxOrderCells = 8192   // max_msg_cells (config param 43)
)
