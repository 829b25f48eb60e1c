package contracts

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"sync"
	"testing"

	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
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

// maxPerTest keeps property tests from filling the file with the same.
const maxPerTest = 40

var replays struct {
	sync.Mutex // guards the fields below
	all        []replay
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
		Test: w.t.Name(), Account: base64.StdEncoding.EncodeToString(before.ShardAccountCell().ToBOC()),
		Message: base64.StdEncoding.EncodeToString(msg.ToBOC()), Now: w.now.Unix(), LT: w.lt,
		Accepted: r.accepted, Exit: r.exit, Gas: r.gas, Action: r.action,
		After: hex.EncodeToString(w.account.ShardAccount().Account.Hash()),
	})
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
	b, err := json.Marshal(replays.all)
	if err == nil {
		err = os.WriteFile(*casesFile, b, 0o644)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return 0
}
