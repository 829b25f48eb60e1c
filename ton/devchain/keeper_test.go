package devchain

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// keptConfig is of a chain in a directory, whose clock stands still.
func keptConfig(t *testing.T) Config {
	t.Helper()
	now := time.Now()
	return Config{Dir: filepath.Join(t.TempDir(), "chain"), Now: func() time.Time { return now }, GlobalID: globalID, KeyEvery: 7}
}

func mustOpen(t *testing.T, cfg Config) *Chain {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// live pays and is paid, bounces and waits: blocks with and without messages, a queue that isn't empty at the end.
func live(t *testing.T, c *Chain, from uint32) {
	t.Helper()
	s := newSigner(t, 1)
	until := time.Now().Add(time.Minute)
	for seqno := range uint32(5) {
		fund(t, c, s.Address, "100")
		m := s.message(t, from+seqno, until, ton.Transfer{To: ton.Address{Hash: [32]byte{1, byte(seqno)}}, Value: nano(t, "0.1"), Bounce: true})
		if err := c.Send(m); err != nil {
			t.Fatal(err)
		}
		c.Tick()
	}
	var all []ton.Transfer
	for i := range byte(255) {
		all = append(all, ton.Transfer{To: ton.Address{Hash: [32]byte{2, i}}, Value: nano(t, "0.01"), Bounce: true})
	}
	if err := c.Send(s.message(t, from+5, until, all...)); err != nil {
		t.Fatal(err)
	}
	if len(c.queue) == 0 {
		t.Fatal("nothing waits")
	}
}

// told is all that a chain answers: of every block that it keeps, and of every account at each.
func told(t *testing.T, c *Chain) string {
	t.Helper()
	var out strings.Builder
	say := func(q any) { fmt.Fprintf(&out, "%T %x\n", q, serialized(t, query(t, c, q))) }
	say(lite.GetMasterchainInf{})
	for _, b := range c.allKept() {
		id := b.master().id
		for _, q := range []any{lite.GetBlockData{ID: id}, lite.GetBlockData{ID: b.shard().id}, lite.GetBlockHeader{ID: id}, lite.GetAllShardsInfo{ID: id},
			lite.GetConfigAll{BlockID: id}, lite.GetBlockProof{KnownBlock: c.first, TargetBlock: id}, lite.GetBlockProof{KnownBlock: id, TargetBlock: c.first}} {
			say(q)
		}
		for _, last := range []byte{0, 1, 254} {
			say(lite.GetAccountState{ID: id, Account: lite.AccountID{ID: append([]byte{2, last}, make([]byte, 30)...)}})
		}
	}
	for a, x := range c.accounts {
		fmt.Fprintf(&out, "%v %d\n", a, x.executed)
		if len(x.transactions) > 0 {
			last := x.transactions[len(x.transactions)-1]
			say(lite.GetTransactions{Limit: 16, AccID: &lite.AccountID{Workchain: int32(a.Workchain), ID: a.Hash[:]}, LT: int64(last.lt), TxHash: last.cell.Hash()})
		}
	}
	return strings.Join(slices.Sorted(strings.Lines(out.String())), "") // accounts come in no order
}

func TestKeptChainGoesOn(t *testing.T) {
	for name, end := range map[string]func(*Chain){
		"closed": func(c *Chain) { c.Close() },
		"killed": func(c *Chain) { c.keeper.close() }, // the kernel gives the lock back; nothing is written
	} {
		t.Run(name, func(t *testing.T) {
			cfg := keptConfig(t)
			c := mustOpen(t, cfg)
			live(t, c, 0)
			for again := range uint32(2) {
				before, key := told(t, c), c.key
				end(c)
				c = mustOpen(t, cfg)
				if after := told(t, c); after != before || !c.key.Equal(key) {
					t.Fatalf("opened %d times it answers otherwise", again+1)
				}
				live(t, c, 6*(again+1))
			}
			if acc := getAccount(t, secure(c, c.LiteClient()), c.newest.master().id, friendly(newSigner(t, 1).Address)); acc.State == nil {
				t.Error("the proving client reads no wallet")
			}
		})
	}
}

// A transaction that was forgotten before the chain was closed stays forgotten, and the next is the oldest still there.
func TestOldestTransactionsAreForgottenAfterOpeningToo(t *testing.T) {
	cfg := keptConfig(t)
	c := mustOpen(t, cfg)
	live(t, c, 0)
	var before []uint64
	for _, x := range c.history.all() {
		before = append(before, x.lt)
	}
	c.Close()
	c = mustOpen(t, cfg)
	i := 0
	for _, x := range c.history.all() {
		if x.lt != before[i] {
			t.Fatalf("transaction %d has logical time %d, had %d", i, x.lt, before[i])
		}
		i++
	}
	if i != len(before) {
		t.Errorf("%d transactions of %d", i, len(before))
	}
}

func TestLongLogIsReplacedBySnapshot(t *testing.T) {
	cfg := keptConfig(t)
	c := mustOpen(t, cfg)
	live(t, c, 0)
	c.keeper.log.records = snapshotEvery - 1
	c.Tick()
	if c.keeper.log.records != 0 || c.keeper.log.size > 64 {
		t.Errorf("the log still has %d records, %d bytes", c.keeper.log.records, c.keeper.log.size)
	}
	c.Tick()
	names, err := os.ReadDir(cfg.Dir)
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
	before := told(t, c)
	c.keeper.close()
	if told(t, mustOpen(t, cfg)) != before {
		t.Error("opened again it answers otherwise")
	}
}

// Wherever the writing of a record was cut short, the chain goes on from the block before; nobody saw more.
func TestRecordCutShortIsForgotten(t *testing.T) {
	cfg := keptConfig(t)
	c := mustOpen(t, cfg)
	fund(t, c, newSigner(t, 1).Address, "1")
	whole := c.keeper.log.size
	before := told(t, c)
	fund(t, c, newSigner(t, 1).Address, "1")
	c.keeper.close()
	file := filepath.Join(cfg.Dir, logName(1))
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for end := whole; end < int64(len(raw)); end += 23 {
		if err := os.WriteFile(file, raw[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		c := mustOpen(t, cfg)
		if told(t, c) != before {
			t.Fatalf("cut at %d of %d it answers otherwise", end, len(raw))
		}
		fund(t, c, newSigner(t, 1).Address, "1")
		c.keeper.close()
		if c = mustOpen(t, cfg); c.newest.seqno != 3 {
			t.Fatalf("cut at %d, the next block is lost", end)
		}
		c.keeper.close()
	}
}

func TestDamagedDirectoryIsRefused(t *testing.T) {
	change := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			b = bytes.Clone(b)
			b[(at+len(b))%len(b)] ^= 1
			return b
		}
	}
	version := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[at:], formatVersion+1)
			return b
		}
	}
	log := logName(1)
	for name, x := range map[string]struct {
		file   string
		change func([]byte) []byte // nil: removed
		want   string
	}{
		"snapshot of another version": {"snapshot", version(len(snapshotMagic)), "format is 2"},
		"snapshot changed":            {"snapshot", change(-1), "damaged"},
		"snapshot cut":                {"snapshot", func(b []byte) []byte { return b[:len(b)-1] }, "damaged"},
		"snapshot empty":              {"snapshot", func(b []byte) []byte { return nil }, "not one of a chain"},
		"snapshot gone":               {"snapshot", nil, "no snapshot"},
		"log of another version":      {log, version(len(journalMagic)), "format is 2"},
		"log of something else":       {log, change(0), "not a chain's"},
		"log gone":                    {log, nil, "no such file"},
		"length changed":              {log, change(12 + 3), "damaged"},
		"body changed":                {log, change(12 + recordHead + 50), "damaged"},
		"last body changed":           {log, change(-1), "damaged"},
		"record left out":             {log, func(b []byte) []byte { return append(b[:12:12], b[12+recordLength(b):]...) }, "record 1"},
		"record twice":                {log, func(b []byte) []byte { return append(b, b[12:12+recordLength(b)]...) }, "another version"},
		"something else beside":       {"snapshot", nil, "no snapshot"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := keptConfig(t)
			c := mustOpen(t, cfg)
			live(t, c, 0)
			c.keeper.close()
			path := filepath.Join(cfg.Dir, x.file)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if x.change == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, x.change(raw), 0o600)
			}
			if name == "something else beside" {
				err = os.WriteFile(filepath.Join(cfg.Dir, "notes"), nil, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			c, err = New(cfg)
			if err == nil {
				c.Close()
				t.Fatal("it is opened")
			}
			if !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func recordLength(log []byte) int { return recordHead + int(binary.BigEndian.Uint32(log[12:])) }

func TestChainIsOpenOnceAndAsItWas(t *testing.T) {
	cfg := keptConfig(t)
	c := mustOpen(t, cfg)
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
	c.Close()
	for name, change := range map[string]func(*Config){
		"network":   func(c *Config) { c.GlobalID++ },
		"key pace":  func(c *Config) { c.KeyEvery++ },
		"validator": func(c *Config) { c.ValidatorKey = newSigner(t, 9).key },
		"config":    func(c *Config) { c.ConfigBoC = otherConfig(t) },
	} {
		other := cfg
		change(&other)
		if c, err := New(other); err == nil {
			c.Close()
			t.Errorf("with another %s it is opened", name)
		}
	}
	if c := mustOpen(t, cfg); c.newest.seqno != 1 {
		t.Errorf("block %d", c.newest.seqno)
	}
}

// otherConfig has a validator that the chain's configuration hasn't.
func otherConfig(t *testing.T) []byte {
	t.Helper()
	root, err := cell.FromBOC(ton.DevConfig())
	if err != nil {
		t.Fatal(err)
	}
	v, err := newValidator(newSigner(t, 9).key)
	if err != nil {
		t.Fatal(err)
	}
	if root, err = v.install(root); err != nil {
		t.Fatal(err)
	}
	return root.ToBOC()
}

// Without a record on disk there is no block: not for the sender, not for anybody who asks.
func TestBlockThatCannotBeKeptIsNotSealed(t *testing.T) {
	cfg := keptConfig(t)
	c := mustOpen(t, cfg)
	c.keeper.log.file.Close()
	before, _ := c.head()
	if err := c.Fund(newSigner(t, 1).Address, nano(t, "1")); err == nil {
		t.Error("the sender is told that it is done")
	}
	c.Tick()
	if after, _ := c.head(); after != before {
		t.Errorf("block %d is there", after.seqno)
	}
}
