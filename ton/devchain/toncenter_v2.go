package devchain

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// methods2 are the methods of version 2 that are answered, on the newest block.
var methods2 = map[string]func(*Chain, parameters) (any, error){
	"getMasterchainInfo":    (*Chain).masterchain2,
	"getConsensusBlock":     (*Chain).consensus2,
	"shards":                (*Chain).shards2,
	"getAddressInformation": (*Chain).address2,
	"getAddressBalance":     (*Chain).balance2,
	"getAddressState":       (*Chain).state2,
	"getTransactions":       (*Chain).transactions2,
	"runGetMethod":          (*Chain).method2,
	"sendBoc":               (*Chain).send2,
	"sendBocReturnHash":     (*Chain).sendHash2,
}

func (c *Chain) masterchain2(parameters) (any, error) {
	b, _ := c.head()
	zero := c.zeroState
	return masterchainInfo{
		Type: "blocks.masterchainInfo", Last: blockID2(b.master().id), StateRoot: b64(b.master().state.Hash()),
		Init: blockID2(&lite.BlockIDExt{Workchain: zero.Workchain, RootHash: zero.RootHash, FileHash: zero.FileHash}),
	}, nil
}

func (c *Chain) consensus2(parameters) (any, error) {
	b, _ := c.head()
	return consensusBlock{b.seqno, float64(b.time)}, nil
}

func (c *Chain) shards2(p parameters) (any, error) {
	seqno, err := p.number("seqno", 0)
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	b := c.numbered(uint32(seqno))
	if b == nil || uint64(b.seqno) != seqno {
		return nil, fmt.Errorf("block %d is not kept", seqno)
	}
	return shardList{"blocks.shards", []block2{blockID2(b.shard().id)}}, nil
}

// account is the block and the state of the account that a call is about; the state is nil when there is none.
func (c *Chain) account(p parameters) (*block, ton.Address, *state, error) {
	a, _, err := ton.ParseAddress(p.text("address"), true)
	if err != nil {
		return nil, a, nil, fmt.Errorf("address: %w", err)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.accounts[a].newest()
	if s == nil || !s.exists() {
		return c.newest, a, nil, nil
	}
	copied := *s
	return c.newest, a, &copied, nil
}

func (c *Chain) address2(p parameters) (any, error) {
	b, _, s, err := c.account(p)
	if err != nil {
		return nil, err
	}
	v := viewOf(s)
	return addressInformation{
		Type: "raw.fullAccountState", Balance: v.balance, Extra: []any{}, State: stateName2(v.status), Code: b64BoC(v.code), Data: b64BoC(v.data),
		Last: v.last2(), Block: blockID2(b.master().id), Time: b.time, Frozen: b64(v.frozen),
	}, nil
}

func (c *Chain) balance2(p parameters) (any, error) {
	_, _, s, err := c.account(p)
	return viewOf(s).balance, err
}

func (c *Chain) state2(p parameters) (any, error) {
	_, _, s, err := c.account(p)
	return stateName2(viewOf(s).status), err
}

// transactions2 lists an account's transactions, newest first, from the one that is named, or from the newest.
func (c *Chain) transactions2(p parameters) (any, error) {
	_, a, s, err := c.account(p)
	if err != nil {
		return nil, err
	}
	limit, err := p.number("limit", 10)
	if err != nil {
		return nil, err
	}
	from, hash, err := p.transaction(viewOf(s))
	if err != nil {
		return nil, err
	}
	until, err := p.number("to_lt", 0)
	if err != nil {
		return nil, err
	}
	list := []transaction2{}
	for _, t := range c.transactions(a, from, hash, int(min(limit, httpTransactions))) {
		if t.lt <= until {
			break
		}
		read, err := readTransaction2(a, t)
		if err != nil {
			return nil, err
		}
		list = append(list, read)
	}
	return list, nil
}

// transaction is where a list begins: at lt and hash if a call has them, else at the account's last.
func (p parameters) transaction(v view) (lt uint64, hash []byte, err error) {
	if lt, err = p.number("lt", 0); err != nil || lt == 0 {
		return v.lt, v.hash, err
	}
	text := p.text("hash")
	if hash, err = hex.DecodeString(text); err != nil {
		hash, err = decode64(text)
	}
	if err != nil || len(hash) != 32 {
		return 0, nil, errors.New("hash: want 32 bytes in hex or base64, with lt")
	}
	return lt, hash, nil
}

func (c *Chain) send2(p parameters) (any, error) {
	_, err := c.sendBoC(p)
	return kind{"ok"}, err
}

func (c *Chain) sendHash2(p parameters) (any, error) {
	return c.sendBoC(p)
}

// sendBoC executes the message that a call has, and returns its hashes.
func (c *Chain) sendBoC(p parameters) (sent messageInfo, err error) {
	raw, err := decode64(p.text("boc"))
	if err != nil {
		return sent, fmt.Errorf("boc: %w", err)
	}
	normal, err := ton.ExternalHash(raw)
	if err != nil {
		return sent, fmt.Errorf("boc: %w", err)
	}
	root, err := cell.FromBOC(raw)
	if err != nil {
		return sent, fmt.Errorf("boc: %w", err)
	}
	if err := c.Send(raw); err != nil {
		return sent, fmt.Errorf("%w: %w", errNotTaken, err)
	}
	return messageInfo{"raw.extMessageInfo", b64(root.Hash()), b64(normal[:])}, nil
}

// text is a parameter as text, "" if it isn't there.
func (p parameters) text(name string) string {
	switch v := p[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// number is a parameter as a number, whether it is written as one or as text.
func (p parameters) number(name string, otherwise uint64) (uint64, error) {
	text := p.text(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// readTransaction2 is a transaction as version 2 shows it.
func readTransaction2(a ton.Address, t transaction) (transaction2, error) {
	var tx tlb.Transaction
	if err := tlb.Parse(&tx, t.cell); err != nil {
		return transaction2{}, fmt.Errorf("read transaction %d: %w", t.lt, err)
	}
	fee, storage := tx.TotalFees.Coins.Nano(), new(big.Int)
	if d, ok := tx.Description.(tlb.TransactionDescriptionOrdinary); ok && d.StoragePhase != nil {
		storage = d.StoragePhase.StorageFeesCollected.Nano()
	}
	out := transaction2{
		Type: "raw.transaction", Address: accountAddress2{"accountAddress", friendly(a).String()}, Time: tx.Now, Data: b64BoC(t.cell),
		ID: transactionID(t.lt, t.cell.Hash()), Fee: fee.String(), Storage: storage.String(),
		Other: new(big.Int).Sub(fee, storage).String(), Out: []message2{},
	}
	if tx.IO.In != nil {
		in := readMessage2(tx.IO.In)
		out.In = &in
	}
	messages, err := tx.IO.Out.ToSlice()
	if err != nil {
		return transaction2{}, fmt.Errorf("read transaction %d: %w", t.lt, err)
	}
	for i := range messages {
		out.Out = append(out.Out, readMessage2(&messages[i]))
	}
	return out, nil
}

// readMessage2 is a message as version 2 shows it; amounts and source are empty for one from outside.
func readMessage2(m *tlb.Message) message2 {
	body := m.Msg.Payload()
	out := message2{
		Type: "raw.message", Value: "0", Extra: []any{}, Forward: "0", IHR: "0", Created: "0", BodyHash: b64(body.Hash()),
		Data: messageData{"msg.dataRaw", b64BoC(body), ""},
	}
	if a := m.Msg.SenderAddr(); a != nil && !a.IsAddrNone() {
		out.Source = a.String()
	}
	if a := m.Msg.DestAddr(); a != nil && !a.IsAddrNone() {
		out.Destination = a.String()
	}
	if m.MsgType == tlb.MsgTypeInternal {
		in := m.AsInternal()
		out.Value, out.Forward, out.IHR = in.Amount.Nano().String(), in.FwdFee.Nano().String(), in.IHRFee.Nano().String()
		out.Created = strconv.FormatUint(in.CreatedLT, 10)
	}
	return out
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// decode64 reads both alphabets.
func decode64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.URLEncoding.DecodeString(s)
	}
	return b, err
}

func b64BoC(c *cell.Cell) string {
	if c == nil {
		return ""
	}
	return b64(c.ToBOC())
}
