package devchain

import (
	"strconv"

	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// What version 2 answers, in the names of its documentation (toncenter.com/api/v2). Numbers of 64 bits and amounts in
// nanotons are text, hashes and cells base64.

// kind is an answer that says only what it is.
type kind struct {
	Type string `json:"@type"`
}

type block2 struct {
	Type      string `json:"@type"`
	Workchain int32  `json:"workchain"`
	Shard     string `json:"shard"`
	Seqno     uint32 `json:"seqno"`
	Root      string `json:"root_hash"`
	File      string `json:"file_hash"`
}

type masterchainInfo struct {
	Type      string `json:"@type"`
	Last      block2 `json:"last"`
	StateRoot string `json:"state_root_hash"`
	Init      block2 `json:"init"`
}

type consensusBlock struct {
	Seqno uint32  `json:"consensus_block"`
	Time  float64 `json:"timestamp"` // Unix seconds
}

type shardList struct {
	Type   string   `json:"@type"`
	Shards []block2 `json:"shards"`
}

type transactionName struct {
	Type string `json:"@type"`
	LT   string `json:"lt"`
	Hash string `json:"hash"`
}

type addressInformation struct {
	Type    string          `json:"@type"`
	Balance string          `json:"balance"`
	Extra   []any           `json:"extra_currencies"`
	State   string          `json:"state"`
	Code    string          `json:"code"`
	Data    string          `json:"data"`
	Last    transactionName `json:"last_transaction_id"`
	Block   block2          `json:"block_id"`
	Frozen  string          `json:"frozen_hash"`
	Time    uint32          `json:"sync_utime"`
}

type accountAddress2 struct {
	Type    string `json:"@type"`
	Address string `json:"account_address"`
}

type transaction2 struct {
	Type    string          `json:"@type"`
	Address accountAddress2 `json:"address"`
	Time    uint32          `json:"utime"`
	Data    string          `json:"data"`
	ID      transactionName `json:"transaction_id"`
	Fee     string          `json:"fee"`
	Storage string          `json:"storage_fee"`
	Other   string          `json:"other_fee"`
	In      *message2       `json:"in_msg,omitempty"`
	Out     []message2      `json:"out_msgs"`
}

type message2 struct {
	Type        string      `json:"@type"`
	Source      string      `json:"source"`
	Destination string      `json:"destination"`
	Value       string      `json:"value"`
	Extra       []any       `json:"extra_currencies"`
	Forward     string      `json:"fwd_fee"`
	IHR         string      `json:"ihr_fee"`
	Created     string      `json:"created_lt"`
	BodyHash    string      `json:"body_hash"`
	Data        messageData `json:"msg_data"`
}

type messageData struct {
	Type string `json:"@type"`
	Body string `json:"body"`
	Init string `json:"init_state"`
}

type messageInfo struct {
	Type   string `json:"@type"`
	Hash   string `json:"hash"`
	Normal string `json:"hash_norm"` // TEP-467
}

type methodResult struct {
	Type  string          `json:"@type"`
	Gas   int64           `json:"gas_used"`
	Stack []any           `json:"stack"`
	Exit  int64           `json:"exit_code"`
	Block block2          `json:"block_id"`
	Last  transactionName `json:"last_transaction_id"`
}

func blockID2(id *lite.BlockIDExt) block2 {
	return block2{"ton.blockIdExt", id.Workchain, strconv.FormatInt(id.Shard, 10), id.SeqNo, b64(id.RootHash), b64(id.FileHash)}
}

func transactionID(lt uint64, hash []byte) transactionName {
	return transactionName{"internal.transactionId", strconv.FormatUint(lt, 10), b64(hash)}
}

// view is what both versions show of an account. Of nothing, a zero balance.
type view struct {
	balance    string
	status     tlb.AccountStatus
	code, data *cell.Cell
	frozen     []byte
	lt         uint64
	hash       []byte
}

func viewOf(s *state) view {
	v := view{balance: "0", status: tlb.AccountStatusNonExist, hash: make([]byte, 32)}
	if s == nil {
		return v
	}
	shard, st := s.prepared.ShardAccount(), s.prepared.State()
	v.balance, v.status, v.frozen = st.Balance.Nano().String(), st.Status, st.StateHash
	v.lt, v.hash = shard.LastTransLT, shard.LastTransHash
	if st.StateInit != nil {
		v.code, v.data = st.StateInit.Code, st.StateInit.Data
	}
	return v
}

func (v view) last2() transactionName { return transactionID(v.lt, v.hash) }

// stateName2 is how version 2 names what an account is.
func stateName2(s tlb.AccountStatus) string {
	switch s {
	case tlb.AccountStatusActive:
		return "active"
	case tlb.AccountStatusFrozen:
		return "frozen"
	}
	return "uninitialized"
}
