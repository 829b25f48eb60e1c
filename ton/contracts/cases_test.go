package contracts

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/vm"
)

// -cases writes every message that the tests delivered, with what the Go emulator made of it, for
// scripts/contracts/test.mjs to compare with the C++ emulator.
var casesFile = flag.String("cases", "", "write the delivered messages to this `file`")

// replay is one message on one account. Bags of cells are base64, hashes hex.
type replay struct {
	Test     string `json:"test"`
	Account  string `json:"account"` // ShardAccount
	Message  string `json:"message"`
	Now      int64  `json:"now"`
	LT       int64  `json:"lt"`
	Accepted bool   `json:"accepted"`
	Exit     Exit   `json:"exit"`
	Gas      int64  `json:"gas"`
	Action   int32  `json:"action"`
	After    string `json:"after"` // hash of the resulting Account
}

// asked is one get method on one account.
type asked struct {
	Test    string `json:"test"`
	Account string `json:"account"`
	Method  string `json:"method"`
	Args    []any  `json:"args"` // integers, in decimal
	Now     int64  `json:"now"`
	Stack   string `json:"stack"` // VmStack
}

// maxPerTest keeps property tests from filling the file with the same.
const maxPerTest = 40

var replays struct {
	sync.Mutex // guards the fields below
	all        []replay
	methods    []asked
	perTest    map[string]int
}

func record(w *wallet, before *tvm.PreparedAccount, msg *cell.Cell, r result) {
	if *casesFile == "" {
		return
	}
	replays.Lock()
	defer replays.Unlock()
	if replays.perTest == nil {
		replays.perTest = make(map[string]int)
	}
	if replays.perTest[w.t.Name()]++; replays.perTest[w.t.Name()] > maxPerTest {
		return
	}
	replays.all = append(replays.all, replay{
		Test: w.t.Name(), Account: boc64(before),
		Message: base64.StdEncoding.EncodeToString(msg.ToBOC()), Now: w.now.Unix(), LT: w.lt,
		Accepted: r.accepted, Exit: r.exit, Gas: r.gas, Action: r.action,
		After: hex.EncodeToString(w.account.ShardAccount().Account.Hash()),
	})
}

func recordMethod(w *wallet, name string, args []any, result *vm.Stack) {
	if *casesFile == "" {
		return
	}
	stack, err := tlb.NewStackFromVM(result)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := stack.ToCell()
	if err != nil {
		w.t.Fatal(err)
	}
	replays.Lock()
	defer replays.Unlock()
	m := asked{Test: w.t.Name(), Account: boc64(w.account), Method: name, Args: []any{}, Now: w.now.Unix(), Stack: base64.StdEncoding.EncodeToString(c.ToBOC())}
	for _, a := range args {
		m.Args = append(m.Args, fmt.Sprint(a))
	}
	replays.methods = append(replays.methods, m)
}

func boc64(a *tvm.PreparedAccount) string {
	return base64.StdEncoding.EncodeToString(a.ShardAccountCell().ToBOC())
}

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if *casesFile != "" && status == 0 {
		status = writeCases()
	}
	os.Exit(status)
}

func writeCases() int {
	b, err := json.Marshal(map[string]any{"messages": replays.all, "methods": replays.methods})
	if err == nil {
		err = os.WriteFile(*casesFile, b, 0o644)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return 0
}
