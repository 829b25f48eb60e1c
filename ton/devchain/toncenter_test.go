package devchain

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/toncenter"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/tuple"
)

func overHTTP(t *testing.T, c *Chain) *Toncenter {
	t.Helper()
	s, err := c.ServeToncenter("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// The library's own HTTP client reads what its liteserver client reads.
func TestUnmodifiedHTTPClient(t *testing.T) {
	c := newChain(t, Config{})
	client := toncenter.New(overHTTP(t, c).URL)
	s, to := newSigner(t, 1), ton.Address{Hash: [32]byte{7}}
	a := friendly(s.Address)
	if got, err := client.V2().GetAddressInformation(t.Context(), a); err != nil || got.State != "uninitialized" || got.Balance.MustCoins(9).Nano().Sign() != 0 || got.LastTransactionID.LT != 0 {
		t.Fatalf("before anything happened: %+v, %v", got, err)
	}
	fund(t, c, s.Address, "3")
	if err := client.V3().SendMessage(t.Context(), s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: to, Value: nano(t, "1"), Comment: "rent"})); err != nil {
		t.Fatal(err)
	}
	got, err := client.V2().GetAddressInformation(t.Context(), a)
	if err != nil || got.State != "active" || got.Balance.MustCoins(9).Nano().Cmp(c.Balance(s.Address).Big()) != 0 || got.Code == nil || got.Data == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	list, err := client.V2().GetTransactions(t.Context(), a, nil)
	if err != nil || len(list) != 2 || list[0].TransactionID.LT != got.LastTransactionID.LT || len(list[0].OutMessages) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if m := list[0].OutMessages[0]; !m.Destination.Addr.Equals(friendly(to)) || m.Value.MustCoins(9).String() != "1" {
		t.Errorf("%+v", m)
	}
	if !bytes.Equal(list[0].Data.Hash(), list[0].TransactionID.Hash) {
		t.Error("a transaction's data isn't what its hash says")
	}
	info, err := client.V2().GetMasterchainInfo(t.Context())
	if newest, _ := c.head(); err != nil || info.Last.Seqno != uint64(newest.seqno) || !bytes.Equal(info.Last.RootHash, newest.master().id.RootHash) || !bytes.Equal(info.Init.RootHash, c.zeroState.RootHash) {
		t.Errorf("%+v, %v", info, err)
	}
	if b, err := client.V2().GetConsensusBlock(t.Context()); err != nil || b.Seqno != info.Last.Seqno {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := client.V2().GetShards(t.Context(), info.Last.Seqno); err != nil || len(b) != 1 || b[0].Workchain != 0 {
		t.Errorf("%+v, %v", b, err)
	}
}

// call posts body, or gets path when it is empty, and returns the status and the answer.
func call(t *testing.T, address, body string) (int, map[string]any) {
	t.Helper()
	var r *http.Response
	var err error
	if body == "" {
		r, err = http.Get(address)
	} else {
		r, err = http.Post(address, "application/json", strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		out["text"] = string(raw)
	}
	return r.StatusCode, out
}

func TestTransactionsOverHTTPArePaged(t *testing.T) {
	c := newChain(t, Config{})
	a := ton.Address{Hash: [32]byte{1}}
	for range 5 {
		fund(t, c, a, "1")
	}
	all := c.accounts[a].transactions
	base := overHTTP(t, c).URL + "/api/v2/getTransactions?address=" + url.QueryEscape(a.String())
	for query, want := range map[string][]int{
		"":         {4, 3, 2, 1, 0},
		"&limit=2": {4, 3},
		fmt.Sprintf("&limit=2&lt=%d&hash=%x", all[2].lt, all[2].cell.Hash()):                            {2, 1},
		fmt.Sprintf("&lt=%d&hash=%s", all[2].lt, url.QueryEscape(b64(all[2].cell.Hash()))):              {2, 1, 0},
		fmt.Sprintf("&lt=%d&hash=%s", all[1].lt, base64.URLEncoding.EncodeToString(all[1].cell.Hash())): {1, 0},
		fmt.Sprintf("&to_lt=%d", all[2].lt):                                                             {4, 3},
		fmt.Sprintf("&lt=%d&hash=%x", all[2].lt, all[1].cell.Hash()):                                    {},
	} {
		status, got := call(t, base+query, "")
		list, _ := got["result"].([]any)
		if status != http.StatusOK || len(list) != len(want) {
			t.Errorf("%s: %d, %v", query, status, got)
			continue
		}
		for i, n := range want {
			if lt := list[i].(map[string]any)["transaction_id"].(map[string]any)["lt"]; lt != fmt.Sprint(all[n].lt) {
				t.Errorf("%s: transaction %d is %v", query, i, lt)
			}
		}
	}
}

func TestMessagesOverHTTP(t *testing.T) {
	c := newChain(t, Config{})
	base := overHTTP(t, c).URL
	s := newSigner(t, 1)
	fund(t, c, s.Address, "9")
	until := time.Now().Add(time.Minute) // one time, so that a message made again is the same
	body := func(seqno uint32) string {
		m := s.message(t, seqno, until, ton.Transfer{To: ton.Address{Hash: [32]byte{7}}, Value: nano(t, "1")})
		return fmt.Sprintf("{\"boc\":%q}", b64(m))
	}
	norm := func(seqno uint32) string {
		m := s.message(t, seqno, until, ton.Transfer{To: ton.Address{Hash: [32]byte{7}}, Value: nano(t, "1")})
		h, err := ton.ExternalHash(m)
		if err != nil {
			t.Fatal(err)
		}
		return b64(h[:])
	}
	if status, got := call(t, base+"/api/v2/sendBoc", body(0)); status != 200 || got["ok"] != true || got["result"].(map[string]any)["@type"] != "ok" {
		t.Fatalf("sendBoc: %d, %v", status, got)
	}
	status, got := call(t, base+"/api/v2/jsonRPC", `{"id":"1","jsonrpc":"2.0","method":"sendBocReturnHash","params":`+body(1)+"}")
	if status != 200 || got["id"] != "1" || got["result"].(map[string]any)["hash_norm"] != norm(1) {
		t.Fatalf("sendBocReturnHash: %d, %v", status, got)
	}
	if status, got := call(t, base+"/api/v3/message", body(2)); status != 200 || got["message_hash_norm"] != norm(2) {
		t.Fatalf("version 3: %d, %v", status, got)
	}
	if n := c.Executed(s.Address); n != 4 {
		t.Errorf("%d transactions", n)
	}
	before, _ := c.head()
	for path, boc := range map[string]string{
		"sendBoc of an old message": body(0), "sendBoc of no cells": `{"boc":"AAAA"}`, "sendBoc of no base64": `{"boc":"?"}`, "sendBoc of nothing": "{}",
		"sendBoc of an internal message": fmt.Sprintf("{\"boc\":%q}", b64(internalMessage(t, s.Address))), "sendBoc of more than one value": body(3) + body(3),
		"sendBoc in too large a request": strings.Repeat(" ", maxHTTPBody) + body(3),
	} {
		for _, at := range []string{"/api/v2/sendBoc", "/api/v3/message"} {
			if status, got := call(t, base+at, boc); status < 400 || got["error"] == "" || got["ok"] == true {
				t.Errorf("%s at %s: %d, %v", path, at, status, got)
			}
		}
	}
	if after, _ := c.head(); after != before {
		t.Error("what was refused made a block")
	}
	if _, got := call(t, base+"/api/v2/sendBoc", body(0)); !strings.HasPrefix(got["error"].(string), "LITE_SERVER_UNKNOWN: cannot apply external message") {
		t.Errorf("an old message: %v", got)
	}
}

func TestAccountsOverHTTPVersion3(t *testing.T) {
	c := newChain(t, Config{})
	base := overHTTP(t, c).URL
	s, absent := newSigner(t, 1), ton.Address{Hash: [32]byte{0xab}}
	fund(t, c, s.Address, "9")
	if err := c.Send(s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: minter, Value: nano(t, "1")})); err != nil {
		t.Fatal(err)
	}
	status, got := call(t, base+"/api/v3/accountStates?include_boc=true&address="+s.Address.Friendly(false, false)+"&address="+absent.String(), "")
	list, _ := got["accounts"].([]any)
	if status != 200 || len(list) != 2 {
		t.Fatalf("%d, %v", status, got)
	}
	own, none := list[0].(map[string]any), list[1].(map[string]any)
	code, err := base64.StdEncoding.DecodeString(own["code_boc"].(string))
	if err != nil {
		t.Fatal(err)
	}
	root, err := cell.FromBOC(code)
	if err != nil || own["code_hash"] != b64(root.Hash()) || own["status"] != "active" || own["balance"] != c.Balance(s.Address).Big().String() {
		t.Errorf("%v, %v", own, err)
	}
	if own["address"] != "0:"+strings.ToUpper(fmt.Sprintf("%x", s.Address.Hash)) || none["status"] != "nonexist" || none["balance"] != "0" {
		t.Errorf("%v %v", own, none)
	}
	if status, got := call(t, base+"/api/v3/accountStates?include_boc=false&address="+s.Address.String(), ""); status != 200 || got["accounts"].([]any)[0].(map[string]any)["code_boc"] != nil {
		t.Errorf("%d, %v", status, got)
	}
	for _, query := range []string{"", "?address=x", "?" + strings.Repeat("address="+absent.String()+"&", httpAccounts+1)} {
		if status, got := call(t, base+"/api/v3/accountStates"+query, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%.40q: %d, %v", query, status, got)
		}
	}
	status, got = call(t, base+"/api/v3/masterchainInfo", "")
	newest, _ := c.head()
	if last, ok := got["last"].(map[string]any); status != 200 || !ok || last["seqno"] != float64(newest.seqno) || last["gen_utime"] != fmt.Sprint(newest.time) || last["shard"] != "8000000000000000" {
		t.Errorf("%d, %v", status, got)
	}
}

func TestMethodsOverHTTP(t *testing.T) {
	c := newChain(t, Config{})
	base := overHTTP(t, c).URL + "/api/v2/runGetMethod"
	s := newSigner(t, 1)
	fund(t, c, s.Address, "3")
	if err := c.Send(s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: minter, Value: nano(t, "1")})); err != nil {
		t.Fatal(err)
	}
	if status, got := call(t, base, fmt.Sprintf(`{"address":%q,"method":"seqno","stack":[]}`, s.Address)); status != 200 || fmt.Sprint(got["result"].(map[string]any)["stack"]) != "[[num 0x1]]" {
		t.Errorf("seqno: %d, %v", status, got)
	}
	echo := deployEcho(t, c)
	text := b64(cell.BeginCell().MustStoreUInt(7, 32).EndCell().ToBOC())
	status, got := call(t, base, fmt.Sprintf(`{"address":%q,"method":"any","stack":[["num","-0x1f"],["num","12"],["tvm.Cell",%q],["slice",%q]]}`, echo, text, text))
	result, _ := got["result"].(map[string]any)
	stack, _ := json.Marshal(result["stack"])
	want := fmt.Sprintf(`[["num","-0x1f"],["num","0xc"],["cell",{"bytes":%q}],["slice",{"bytes":%q}]`, text, text)
	if status != 200 || result["exit_code"] != 0.0 || !strings.HasPrefix(string(stack), want) {
		t.Errorf("%d, %s,\nwant %s", status, stack, want)
	}
	if status, got := call(t, base, `{"address":"0:`+strings.Repeat("ab", 32)+`","method":"seqno"}`); status != 200 || got["result"].(map[string]any)["exit_code"] != -256.0 {
		t.Errorf("of nothing: %d, %v", status, got)
	}
	for _, stack := range []string{`[1]`, `[["num"]]`, `[["num","x"]]`, `[["num","0x1` + strings.Repeat("0", 64) + `"]]`, `[["cell","?"]]`, `[["cell","AAAA"]]`, `[["tuple","` + text + `"]]`,
		"[" + strings.Repeat(`["num","1"],`, maxArguments) + `["num","1"]]`} {
		if status, got := call(t, base, fmt.Sprintf(`{"address":%q,"method":"any","stack":%s}`, echo, stack)); status != http.StatusUnprocessableEntity {
			t.Errorf("%.60s: %d, %v", stack, status, got)
		}
	}
}

// deployEcho deploys a contract whose get methods return their arguments.
func deployEcho(t *testing.T, c *Chain) ton.Address {
	t.Helper()
	code := cell.BeginCell().MustStoreSlice([]byte{0x30}, 8).EndCell() // DROP
	x := stateInit(t, code)
	if err := c.Deliver(Message{To: x.address, Value: nano(t, "1"), Init: x.init}); err != nil {
		t.Fatal(err)
	}
	return x.address
}

func TestResultsOverHTTP(t *testing.T) {
	c := cell.BeginCell().MustStoreUInt(7, 32).EndCell()
	boc := b64(c.ToBOC())
	pair := tuple.NewTupleValue(big.NewInt(-5), nil, c, c.MustBeginParse(), tuple.NewTupleValue())
	for want, v := range map[string]any{
		`["list",{"@type":"tvm.list","elements":[]}]`: nil,
		`["num","0x0"]`: new(big.Int),
		`["tuple",{"@type":"tvm.tuple","elements":[{"@type":"tvm.stackEntryNumber","number":{"@type":"tvm.numberDecimal","number":"-5"}},` +
			`{"@type":"tvm.stackEntryList","list":{"@type":"tvm.list","elements":[]}},{"@type":"tvm.stackEntryCell","cell":{"@type":"tvm.cell","bytes":"` + boc + `"}},` +
			`{"@type":"tvm.stackEntrySlice","slice":{"@type":"tvm.slice","bytes":"` + boc + `"}},{"@type":"tvm.stackEntryTuple","tuple":{"@type":"tvm.tuple","elements":[]}}]}]`: pair,
	} {
		item, err := stackItem(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(item); string(got) != want {
			t.Errorf("%s,\nwant %s", got, want)
		}
	}
	for _, v := range []any{cell.BeginCell(), tuple.NewTupleValue(cell.BeginCell())} {
		if _, err := stackItem(v); err == nil {
			t.Errorf("%T is written", v)
		}
	}
}

func TestUnknownCallsOverHTTPAreRefused(t *testing.T) {
	base := overHTTP(t, newChain(t, Config{})).URL
	for path, body := range map[string]string{
		"/api/v2/getEverything": "", "/api/v2/jsonRPC": `{"method":"getEverything"}`, "/api/v2/getAddressInformation?address=x": "", "/api/v2/getAddressState": "{}",
		"/api/v2/shards?seqno=99": "", "/api/v2/shards?seqno=4294967297": "", "/api/v2/getTransactions?address=x": "", "/api/v2/sendBoc": "[]", "/api/v3/everything": "",
		"/api/v2/getTransactions?limit=x&address=0:" + strings.Repeat("ab", 32): "", "/api/v2/getTransactions?lt=5&hash=00&address=0:" + strings.Repeat("ab", 32): "",
	} {
		if status, got := call(t, base+path, body); status < 400 || got["ok"] == true {
			t.Errorf("%s: %d, %v", path, status, got)
		}
	}
}
