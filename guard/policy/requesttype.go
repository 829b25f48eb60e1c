package policy

import "github.com/tonaiagent/mpcnode/ton"

// requestTypes says which action of a policy each type of request is. Those that a payload can be decoded to are
// package ton's; gasless is a payment that a relayer carries to the chain.
var requestTypes = map[string]string{
	string(ton.OpTransfer):       "transfer",
	string(ton.OpJettonTransfer): "transfer",
	string(ton.OpJettonBurn):     "burn",
	string(ton.OpNFTTransfer):    "transfer_nft",
	string(ton.OpNFTList):        "sell_nft",
	string(ton.OpNFTBuy):         "buy_nft",
	string(ton.OpNFTCancel):      "sell_nft",
	string(ton.OpStake):          "stake",
	string(ton.OpUnstake):        "unstake",
	string(ton.OpSwap):           "trade",
	string(ton.OpVote):           "vote",
	string(ton.OpContractCall):   "contract_call",
	string(ton.OpDeploy):         "deploy",
	"gasless":                    "gasless",
}

// ActionOf returns what a policy calls a type of request, "" for one that there is not.
func ActionOf(requestType string) string { return requestTypes[requestType] }
