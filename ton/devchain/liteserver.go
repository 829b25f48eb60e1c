package devchain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Error codes of a liteserver (ton/ton-types.h).
const (
	codeProtocol = 621
	codeNotReady = 651
	codeTimeout  = 652
)

// version and capabilities are what a liteserver of today answers.
const (
	version      = 0x101
	capabilities = 7
)

// answer answers one query, as it was parsed: a value, or a list that starts with waitMasterchainSeqno. What it can't
// answer is an LSError. It blocks only for that wait.
func (c *Chain) answer(ctx context.Context, query any) (answer tl.Serializable) {
	if c.cfg.Lie != nil {
		defer func() { answer = c.cfg.Lie(asked(query), answer) }()
	}
	// The query is anybody's, and the libraries that read it are large: a panic in one ends that query, not the network.
	defer func() {
		if r := recover(); r != nil {
			c.cfg.Logger.Error("query panicked", "query", fmt.Sprintf("%T", query), "panic", r)
			answer = lite.LSError{Code: codeProtocol, Text: "cannot read query"}
		}
	}()
	answer, err := c.dispatch(ctx, query)
	if err == nil {
		return answer
	}
	if ls, ok := errors.AsType[lite.LSError](err); ok {
		return ls
	}
	return lite.LSError{Code: codeProtocol, Text: err.Error()}
}

// asked is the query itself, without a wait before it.
func asked(query any) any {
	if list, ok := query.([]tl.Serializable); ok && len(list) > 0 {
		return list[len(list)-1]
	}
	return query
}

func (c *Chain) dispatch(ctx context.Context, query any) (tl.Serializable, error) {
	if list, ok := query.([]tl.Serializable); ok {
		return c.afterWait(ctx, list)
	}
	switch q := query.(type) {
	case lite.GetMasterchainInf:
		return c.info(), nil
	case lite.GetMasterchainInfoExt:
		return c.infoExt(), nil
	case lite.GetAccountState:
		return c.accountState(q)
	case lite.RunSmcMethod:
		return c.runMethod(q)
	case lite.GetTransactions:
		return c.listTransactions(q)
	case lite.SendMessage:
		return c.sendMessage(q)
	case lite.GetConfigAll:
		return c.configInfo(q.Mode, q.BlockID)
	case lite.GetConfigParams:
		return c.configInfo(q.Mode, q.BlockID)
	case lite.GetBlockProof:
		return c.blockProof(q)
	case lite.GetBlockHeader:
		return c.blockHeader(q.ID, q.Mode)
	case lite.LookupBlock:
		return c.lookupBlock(q)
	case lite.GetBlockData:
		return c.blockData(q.ID)
	case lite.GetAllShardsInfo:
		return c.allShards(q.ID)
	case lite.GetOneTransaction:
		return c.oneTransaction(q)
	case lite.GetTime:
		return lite.CurrentTime{Now: unix(c.cfg.Now().Unix())}, nil
	case lite.GetVersion:
		return lite.Version{Version: version, Capabilities: capabilities, Now: unix(c.cfg.Now().Unix())}, nil
	}
	return nil, lite.LSError{Code: codeProtocol, Text: fmt.Sprintf("unsupported query %T", query)}
}

// afterWait answers the second query of the list once the block that the first names is there.
func (c *Chain) afterWait(ctx context.Context, list []tl.Serializable) (tl.Serializable, error) {
	wait, ok := list[0].(lite.WaitMasterchainSeqno)
	if !ok || len(list) != 2 {
		return nil, lite.LSError{Code: codeProtocol, Text: "want one query, after waitMasterchainSeqno at most"}
	}
	if !c.await(ctx, uint32(wait.Seqno), time.Duration(wait.Timeout)*time.Millisecond) {
		return nil, lite.LSError{Code: codeTimeout, Text: fmt.Sprintf("timeout waiting for block %d", uint32(wait.Seqno))}
	}
	return c.dispatch(ctx, list[1])
}

func (c *Chain) info() lite.MasterchainInfo {
	b, _ := c.head()
	return lite.MasterchainInfo{Last: b.master().id, StateRootHash: b.master().state.Hash(), Init: c.zeroStateID()}
}

func (c *Chain) infoExt() lite.MasterchainInfoExt {
	b, _ := c.head()
	return lite.MasterchainInfoExt{
		Version: version, Capabilities: capabilities, Last: b.master().id, LastUTime: b.time, Now: unix(c.cfg.Now().Unix()),
		StateRootHash: b.master().state.Hash(), Init: c.zeroStateID(),
	}
}

func (c *Chain) zeroStateID() *lite.ZeroStateIDExt {
	id := c.zeroState
	return &id
}

func (c *Chain) listTransactions(q lite.GetTransactions) (tl.Serializable, error) {
	a, err := accountAddress(*q.AccID)
	if err != nil {
		return nil, err
	}
	if q.Limit < 1 {
		return nil, lite.LSError{Code: codeProtocol, Text: "count is not positive"}
	}
	list := c.transactions(a, uint64(q.LT), q.TxHash, min(int(q.Limit), transactionsPerAnswer))
	if len(list) == 0 {
		return nil, lite.LSError{Code: -400, Text: "cannot compute block with specified transaction: lt not in db"}
	}
	answer, roots := lite.TransactionList{}, []*cell.Cell(nil)
	for _, t := range list {
		answer.IDs, roots = append(answer.IDs, t.id), append(roots, t.cell)
	}
	answer.Transactions = cell.ToBOCWithOptions(roots, cell.BOCSerializeOptions{WithCRC32C: true})
	return answer, nil
}

func (c *Chain) transactions(a ton.Address, lt uint64, hash []byte, limit int) []transaction {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.accounts[a].before(lt, hash, limit)
}

func (c *Chain) sendMessage(q lite.SendMessage) (tl.Serializable, error) {
	if err := c.Send(q.Body); err != nil {
		return nil, lite.LSError{Text: "cannot apply external message to current state : " + err.Error()}
	}
	return lite.SendMessageStatus{Status: 1}, nil
}

// configInfo answers with the whole configuration, as a liteserver may, and its proof from the block on.
func (c *Chain) configInfo(mode int32, id *lite.BlockIDExt) (tl.Serializable, error) {
	b, err := c.find(id)
	if err != nil {
		return nil, err
	}
	block, err := b.master().proof()
	if err != nil {
		return nil, err
	}
	state, err := b.proveConfig()
	if err != nil {
		return nil, err
	}
	return lite.ConfigAll{Mode: int(mode), ID: id, StateProof: block.ToBOC(), ConfigProof: state.ToBOC()}, nil
}
