package devchain

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
)

// What version 3 answers, in the names of its documentation (toncenter.com/api/v3).

type account3 struct {
	Address  string            `json:"address"` // raw, in capitals
	State    string            `json:"account_state_hash"`
	Balance  string            `json:"balance"`
	Extra    map[string]string `json:"extra_currencies"`
	Status   string            `json:"status"`
	LastHash string            `json:"last_transaction_hash"`
	LastLT   string            `json:"last_transaction_lt"`
	Code     string            `json:"code_boc,omitempty"`
	CodeHash string            `json:"code_hash,omitempty"`
	Data     string            `json:"data_boc,omitempty"`
	DataHash string            `json:"data_hash,omitempty"`
	Frozen   string            `json:"frozen_hash,omitempty"`
}

type accounts3 struct {
	Accounts []account3     `json:"accounts"`
	Book     map[string]any `json:"address_book"`
	Metadata map[string]any `json:"metadata"`
}

type sent3 struct {
	Hash   string `json:"message_hash"`
	Normal string `json:"message_hash_norm"` // TEP-467
}

type block3 struct {
	Workchain int32  `json:"workchain"`
	Shard     string `json:"shard"`
	Seqno     uint32 `json:"seqno"`
	Root      string `json:"root_hash"`
	File      string `json:"file_hash"`
	Global    int32  `json:"global_id"`
	Time      string `json:"gen_utime"` // Unix seconds
	Start     string `json:"start_lt"`
	End       string `json:"end_lt"`
	Key       bool   `json:"key_block"`
}

type masterchain3 struct {
	First block3 `json:"first"`
	Last  block3 `json:"last"`
}

func refuse3(w http.ResponseWriter, code int, err error) {
	writeJSON(w, code, map[string]any{"error": err.Error(), "code": code})
}

// sendVersion3 executes a message.
func (c *Chain) sendVersion3(w http.ResponseWriter, r *http.Request) {
	var p parameters
	if err := readJSON(r, &p); err != nil {
		refuse3(w, http.StatusUnprocessableEntity, err)
		return
	}
	sent, err := c.sendBoC(p)
	switch {
	case errors.Is(err, errNotTaken):
		refuse3(w, http.StatusInternalServerError, fmt.Errorf("cannot apply external message to current state : %w", err))
	case err != nil:
		refuse3(w, http.StatusUnprocessableEntity, err)
	default:
		writeJSON(w, http.StatusOK, sent3{sent.Hash, sent.Normal})
	}
}

// accountStates shows the accounts that the query's address parameters name.
func (c *Chain) accountStates(w http.ResponseWriter, r *http.Request) {
	names := r.URL.Query()["address"]
	if len(names) == 0 || len(names) > httpAccounts {
		refuse3(w, http.StatusUnprocessableEntity, fmt.Errorf("want 1 to %d of address", httpAccounts))
		return
	}
	boc := r.URL.Query().Get("include_boc") != "false"
	out := accounts3{[]account3{}, map[string]any{}, map[string]any{}}
	for _, name := range names {
		_, a, s, err := c.account(parameters{"address": name})
		if err != nil {
			refuse3(w, http.StatusUnprocessableEntity, err)
			return
		}
		out.Accounts = append(out.Accounts, readAccount3(a, s, boc))
	}
	writeJSON(w, http.StatusOK, out)
}

func readAccount3(a ton.Address, s *state, boc bool) account3 {
	v := viewOf(s)
	out := account3{
		Address: strings.ToUpper(a.String()), Balance: v.balance, Extra: map[string]string{}, Status: stateName3(v.status),
		LastHash: b64(v.hash), LastLT: strconv.FormatUint(v.lt, 10), Frozen: b64(v.frozen),
	}
	if s != nil {
		out.State = b64(s.prepared.ShardAccount().Account.Hash())
	}
	if v.code != nil && v.data != nil {
		out.CodeHash, out.DataHash = b64(v.code.Hash()), b64(v.data.Hash())
		if boc {
			out.Code, out.Data = b64BoC(v.code), b64BoC(v.data)
		}
	}
	return out
}

// stateName3 is how version 3 names what an account is.
func stateName3(s tlb.AccountStatus) string {
	switch s {
	case tlb.AccountStatusActive:
		return "active"
	case tlb.AccountStatusFrozen:
		return "frozen"
	case tlb.AccountStatusUninit:
		return "uninit"
	}
	return "nonexist"
}

func (c *Chain) masterchainVersion3(w http.ResponseWriter, _ *http.Request) {
	c.mu.RLock()
	first, last := c.keys[c.first.SeqNo], c.newest
	c.mu.RUnlock()
	writeJSON(w, http.StatusOK, masterchain3{c.block3(first), c.block3(last)})
}

func (c *Chain) block3(b *block) block3 {
	id := b.master().id
	return block3{
		Workchain: id.Workchain, Shard: fmt.Sprintf("%016X", uint64(id.Shard)), Seqno: id.SeqNo, Root: b64(id.RootHash), File: b64(id.FileHash), Global: c.cfg.GlobalID,
		Time: strconv.FormatUint(uint64(b.time), 10), Start: strconv.FormatUint(b.lt, 10), End: strconv.FormatUint(b.endLT(), 10), Key: b.key,
	}
}
