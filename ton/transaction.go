package ton

import (
	"time"

	"github.com/xssnick/tonutils-go/tvm"
)

// Op is what a message does. The zero value is unknown and is refused.
type Op string

const (
	OpUnknown        Op = ""
	OpTransfer       Op = "transfer"        // native coins with an empty or comment body to an account on which that means nothing else
	OpContractCall   Op = "contract_call"   // an operation that is not understood
	OpJettonTransfer Op = "jetton_transfer" // to an account on which a received jetton means nothing else
	OpJettonBurn     Op = "jetton_burn"
	OpNFTTransfer    Op = "nft_transfer"
	OpNFTList        Op = "nft_list" // puts up for sale, or changes the price
	OpNFTBuy         Op = "nft_buy"  // also a bid
	OpNFTCancel      Op = "nft_cancel"
	OpStake          Op = "stake"
	OpUnstake        Op = "unstake"
	OpSwap           Op = "swap"
	OpVote           Op = "vote"
	OpDeploy         Op = "deploy" // a message that carries its destination's StateInit, whatever its body
)

// Kind says who may carry a payload to the chain. The zero value is none.
type Kind string

const (
	External Kind = "external" // an external message, which the wallet pays for
	Gasless  Kind = "gasless"  // V5R1 internal_signed: anyone may deliver it in an internal message, and pays for it
)

// Transaction is the whole meaning of one payload: what the account will do if the payload executes.
type Transaction struct {
	Kind        Kind
	Wallet      Address
	Version     Version
	WalletID    uint32
	Seqno       uint32    // 0 for HighloadV3
	QueryID     uint32    // HighloadV3: 13 bits of shift, 10 of bit number; else 0
	Carrier     Message   // HighloadV3: the message to itself that brings a batch, which is no outflow; zero: none
	NotBefore   time.Time // HighloadV3: created_at, before which the contract refuses it; else zero
	ValidUntil  time.Time // whole seconds; HighloadV3: created_at + timeout
	Messages    []Message // in order of execution, at least one
	SigningHash [32]byte  // representation hash of the payload cell: what is signed
}

// Message is one message a payload sends.
type Message struct {
	Op      Op // what the body alone says; Meaning adds what the destination says
	Mode    uint8
	Bounce  bool
	To      Address
	Value   Nano
	Opcode  uint32   // first 32 bits of the body; 0 for an empty or comment body
	Detail  Detail   // the body's fields, if it is understood
	Comment string   // text of a comment body, valid UTF-8; "" also for an empty body
	Body    [32]byte // representation hash of the body cell
	Init    [32]byte // representation hash of the StateInit; zero: none
}

// Jettons returns how many jettons m asks the jetton wallet that it goes to to send or to burn, in their smallest unit.
func (m Message) Jettons() Nano {
	j, _ := m.Detail.(Jetton)
	return j.Amount
}

// Outflow returns the sum of what the messages carry away, without fees.
func (t Transaction) Outflow() (sum Nano, err error) {
	for _, m := range t.Messages {
		if sum, err = sum.Add(m.Value); err != nil {
			return Nano{}, err
		}
	}
	return sum, nil
}

// Outcome is what emulation of a payload on an account's state showed.
type Outcome struct {
	Accepted    bool      // the contract accepted the external message
	ComputeExit int32     // 0 and 1 are success
	ActionExit  int32     // 0 is success, −1: the phase did not run
	Skipped     uint16    // actions that were skipped
	Messages    []Message // emitted, in order, with Op unset
	SeqnoBefore uint32
	SeqnoAfter  uint32
	QueryUsed   bool // HighloadV3: the payload's query id can't run again; SeqnoBefore and SeqnoAfter are 0
	CodeChanged bool
	DataChanged bool     // anything in the data but the seqno; PolicyV1: and what it counts
	Data        [32]byte // PolicyV1: representation hash of the account's data afterwards; else zero
	Fees        Nano     // what the wallet paid besides the messages' values
	GasUsed     uint64

	sent []tvm.OutMessage // Messages, as the chain would carry them
}

// Complete reports whether the payload was accepted and all that it asks for was done.
func (o Outcome) Complete() bool {
	return o.Accepted && complete(o.ComputeExit, o.ActionExit, o.Skipped)
}

// complete reports whether a transaction ended well and left no action out.
func complete(compute, action int32, skipped uint16) bool {
	return (compute == 0 || compute == 1) && action == 0 && skipped == 0
}

// Executed is one transaction of an account's hash-linked list, as the mirror carries it to the guard.
type Executed struct {
	LT       uint64
	Hash     [32]byte
	PrevLT   uint64
	PrevHash [32]byte
	Time     time.Time // gen_utime of its block
	External bool      // caused by an external message
	Payload  [32]byte  // signing hash of the signed payload that caused it; zero if none did
	Seqno    uint32    // the seqno in that payload; 0 if it had none
	QueryID  uint32    // HighloadV3: the query id in that payload, or of the batch that was run
	Carries  bool      // HighloadV3: it sent the wallet itself a batch, which a later transaction runs
	Batch    bool      // HighloadV3: it ran that batch; no payload caused it
	Consumed bool      // the payload's seqno or query id was used up: it can't execute again
	Success  bool      // compute and action phases succeeded and no action was skipped
	Order    uint32    // PolicyV1: what its owner or guardian ordered and the contract did, such as OrderFreeze; 0 for nothing
	// Out are internal messages it emitted, in order, with Op and Mode unset; bounces and what carries a batch aside. A jetton
	// transfer or burn has its amount, whatever else is in it.
	Out []Message
}
