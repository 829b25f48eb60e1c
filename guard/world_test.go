package guard_test

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/guard/maptx"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

const (
	globalID = -3
	coin     = 1_000_000_000 // TON in its smallest unit
)

var (
	networkID = [32]byte{1: 0x6e}
	start     = time.Unix(1_790_000_000, 0).UTC()
	bob       = ton.Address{Hash: [32]byte{0xb0}}
)

// key returns the ed25519 key that belongs to a name.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func pub(name string) [32]byte { return [32]byte(key(name).Public().(ed25519.PublicKey)) }

func sign(name string, d [32]byte) []byte { return ed25519.Sign(key(name), d[:]) }

func tons(t testing.TB, s string) ton.Nano {
	t.Helper()
	n, err := ton.ParseNano(s, ton.NativeDecimals)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// config is that of the user's guard in a network of three, of which two sign.
func config() guard.Config {
	c := guard.Config{Party: "user", Network: networkID, Need: 2, GlobalID: globalID}
	for _, p := range []string{"user", "platform", "backup"} {
		c.Parties = append(c.Parties, guard.Party{
			Name: p, Identity: pub(p + " identity"),
			Operators:    [][32]byte{pub(p + " operator")},
			PolicyAdmins: [][32]byte{pub(p + " admin")},
			Trippers:     [][32]byte{pub(p + " tripper")},
		})
	}
	return c
}

// permissive is a policy under which only what a test is about can refuse.
const permissive = `
version: 1
loosenDelay: 0s
risk: {enabled: false}
agents:
  agent-1:
    capabilities: {transfers: {enabled: true}}
    limits: {perTransaction: "100", daily: "500", weekly: "2000", monthly: "5000"}
    allowedTokens: [TON]
    rate: {unlimited: true, cooldownSeconds: 0}
`

// world is one node's guard with its ledger, and the chain as that node sees it.
type world struct {
	testing.TB
	g   *guard.Guard
	tx  *maptx.Tx
	now time.Time
	w   guard.WalletRecord

	contract *contracts.State // of a policy wallet
	uninit   bool             // the account has coins and no code yet
	coins    string           // the account's; "": 100,000

	built    []byte // the last batch
	seqno    uint32
	used     map[uint32]time.Time // Highload V3: query ids by when they ran
	mc       uint32
	lt       uint64
	lastHash [32]byte
}

func newWorld(t testing.TB, document string) *world {
	t.Helper()
	w := worldOf(t, config())
	w.applyPolicy(document)
	return w
}

// worldOf is enrolled and has observed its deployed, empty-handed account; it has no policy.
func worldOf(t testing.TB, c guard.Config) *world {
	t.Helper()
	r, err := guard.NewWalletRecord("wallet-1", "key-1", 1, ton.V5R1, pub("group"), globalID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return worldWith(t, c, r)
}

// worldWith is worldOf with another wallet.
func worldWith(t testing.TB, c guard.Config, r guard.WalletRecord) *world {
	t.Helper()
	g, err := guard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, g: g, tx: maptx.New(), now: start, mc: 1, w: r}
	w.must(g.AddWallet(w.tx, w.now, w.signWallet(w.w)))
	w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 1, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}})
	w.must(g.Observe(w.tx, w.now, "wallet-1", nil, w.account()))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) signWallet(r guard.WalletRecord) guard.Signed[guard.WalletRecord] {
	return guard.Signed[guard.WalletRecord]{
		Body: r, Operator: pub("user operator"), Signature: sign("user operator", guard.RecordDigest(networkID, "user", r)),
	}
}

func (w *world) enrol(r guard.AgentRecord) {
	w.Helper()
	w.must(w.g.AddAgent(w.tx, w.now, guard.Signed[guard.AgentRecord]{
		Body: r, Operator: pub("user operator"), Signature: sign("user operator", guard.RecordDigest(networkID, "user", r)),
	}))
}

// applyPolicy puts a document into force, signed by this party's admin.
func (w *world) applyPolicy(document string) {
	w.Helper()
	w.must(w.g.ApplyPolicy(w.tx, w.now, signPolicy(document)))
}

func signPolicy(document string) guard.SignedBundle {
	return guard.SignedBundle{
		Document: []byte(document), Signatures: []guard.BundleSignature{signatureOf("user admin", document)},
	}
}

// signatureOf is one by the key of that name, for the user's party.
func signatureOf(admin, document string) guard.BundleSignature {
	return guard.BundleSignature{Admin: pub(admin), Signature: sign(admin, policy.SigningDigest(networkID, "user", []byte(document)))}
}

func parentOf(document string) string {
	h := policy.Hash([]byte(document))
	return hex.EncodeToString(h[:])
}

// account is the wallet's own, proven now: absent before the first transaction, then active.
func (w *world) account() ton.Account {
	w.Helper()
	if w.lt == 0 {
		return w.state(w.w.Address, nil)
	}
	if w.w.Version == ton.HighloadV3 {
		return w.state(w.w.Address, w.queryShard())
	}
	if w.contract != nil {
		return w.state(w.w.Address, w.contractShard())
	}
	return w.state(w.w.Address, w.shard(w.w.TON(), w.seqno))
}

func (w *world) state(a ton.Address, s *tlb.ShardAccount) ton.Account {
	w.Helper()
	acc, err := ton.NewAccount(a, s, w.mc, w.now, true)
	w.must(err)
	return acc
}

// shard is the account of a deployed V5R1 wallet after seqno transactions.
func (w *world) shard(of ton.Wallet, seqno uint32) *tlb.ShardAccount {
	w.Helper()
	var init tlb.StateInit
	w.must(tlb.Parse(&init, of.StateInit()))
	data := cell.BeginCell().MustStoreBoolBit(true).MustStoreUInt(uint64(seqno), 32).MustStoreUInt(uint64(of.ID), 32).
		MustStoreSlice(of.PublicKey[:], 256).MustStoreBoolBit(false).EndCell()
	return w.shardOf(of.Address, init.Code, data)
}

// contractShard is the account of the policy wallet as it is.
func (w *world) contractShard() *tlb.ShardAccount {
	w.Helper()
	if w.uninit {
		return w.shardOf(w.w.Address, nil, nil)
	}
	return w.shardOf(w.w.Address, ton.PolicyCode(), w.contract.Data())
}

// shardOf is an account with that code and data; without code it holds coins only.
func (w *world) shardOf(a ton.Address, code, data *cell.Cell) *tlb.ShardAccount {
	w.Helper()
	st := tlb.AccountState{IsValid: true, Address: address.NewAddress(0, byte(a.Workchain), a.Hash[:])}
	st.StorageInfo = tlb.StorageInfo{
		StorageUsed:  tlb.StorageUsed{CellsUsed: big.NewInt(22), BitsUsed: big.NewInt(5500)},
		StorageExtra: tlb.StorageExtraNone{}, LastPaid: uint32(w.now.Unix()),
	}
	st.AccountStorage = tlb.AccountStorage{
		Status: tlb.AccountStatusActive, LastTransactionLT: w.lt, Balance: tlb.MustFromTON(cmp.Or(w.coins, "100000")),
		StateInit: &tlb.StateInit{Code: code, Data: data},
	}
	if code == nil {
		st.AccountStorage.Status, st.AccountStorage.StateInit = tlb.AccountStatusUninit, nil
	}
	c, err := st.ToCell()
	w.must(err)
	return &tlb.ShardAccount{Account: c, LastTransHash: w.lastHash[:], LastTransLT: w.lt}
}

// deposit is the wallet's first transaction, from which on its account is active.
func (w *world) deposit() {
	w.Helper()
	w.chain(ton.Executed{})
}

// chain appends one transaction to the account and observes it.
func (w *world) chain(e ton.Executed) {
	w.Helper()
	w.must(w.tryChain(e))
}

func (w *world) tryChain(e ton.Executed) error {
	w.Helper()
	w.mc++
	e.PrevLT, e.PrevHash = w.lt, w.lastHash
	if e.LT = w.lt + 10; e.Time.IsZero() {
		e.Time = w.now
	}
	e.Hash = sha256.Sum256(fmt.Append(nil, "transaction", e.LT))
	w.lt, w.lastHash = e.LT, e.Hash
	if e.Consumed && w.w.Version == ton.HighloadV3 {
		w.used[e.QueryID] = e.Time
	} else if e.Consumed {
		w.seqno = e.Seqno + 1
	}
	return w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{e}, w.account())
}

// execute lets the chain run the payload of a case.
func (w *world) execute(c guard.Case) {
	w.Helper()
	w.chain(executed(c))
}

func executed(c guard.Case) ton.Executed {
	return ton.Executed{
		External: true, Payload: c.Tx.SigningHash, Seqno: c.Tx.Seqno, QueryID: c.Tx.QueryID, Consumed: true, Success: true,
		Out: c.Outcome.Messages,
	}
}

// advance moves both clocks, and the node sees an empty block.
func (w *world) advance(d time.Duration) {
	w.Helper()
	w.now = w.now.Add(d)
	w.mc++
	w.must(w.g.Observe(w.tx, w.now, "wallet-1", nil, w.account()))
}

// body is a request for a transfer to bob.
func (w *world) body(amount, memo string) []byte {
	return fmt.Appendf(nil, `{"network":"%x","wallet":"wallet-1","coordinator":"user","expires":%q,"type":"transfer",`+
		`"asset":"TON","amount":%q,"destination":%q,"memo":%q,"context":{"intent":"pay bob","confidence":0.95}}`,
		networkID, w.now.Add(time.Hour).Format(time.RFC3339), amount, bob.String(), memo)
}

// request is a case in which everything fits: idempotency key, amount to bob, valid for a minute.
func (w *world) request(idempotency, amount string) guard.Case {
	w.Helper()
	return w.requestValid(idempotency, amount, time.Minute)
}

func (w *world) requestValid(idempotency, amount string, validity time.Duration) guard.Case {
	w.Helper()
	body := w.body(amount, "hi")
	i, err := w.g.ParseIntent(body)
	w.must(err)
	return w.payload(i.For("agent-1", idempotency, body), validity)
}

// payload builds and decodes a payload for a bound intent.
func (w *world) payload(i guard.Intent, validity time.Duration) guard.Case {
	w.Helper()
	c := guard.Case{Intent: i, Account: w.account(), Facts: []ton.Facts{{Account: w.state(i.Destination, nil)}}}
	b, err := ton.Build(w.w.TON(), w.seqno, w.now.Add(validity), []ton.Transfer{{
		To: i.Destination, Value: i.Amount, Comment: i.Memo, Bounce: ton.Bounces(i.Form, c.Facts[0].Account),
	}})
	w.must(err)
	c.Tx, err = ton.Decode(w.w.TON(), b)
	w.must(err)
	c.Outcome = outcomeOf(c.Tx)
	return c
}

// outcomeOf is what emulation of a payload shows when all is well.
func outcomeOf(t ton.Transaction) *ton.Outcome {
	o := &ton.Outcome{Accepted: true, SeqnoBefore: t.Seqno, SeqnoAfter: t.Seqno + 1, Fees: ton.NanoOf(5_000_000)}
	if t.Version == ton.HighloadV3 {
		o.SeqnoAfter, o.QueryUsed = 0, true
	}
	for _, m := range t.Messages {
		o.Messages = append(o.Messages, ton.Message{To: m.To, Value: m.Value, Bounce: m.Bounce, Body: m.Body, Init: m.Init})
	}
	return o
}

func (w *world) decide(c guard.Case) guard.Decision {
	w.Helper()
	d, err := w.g.Decide(w.tx, w.now, c)
	w.must(err)
	return d
}

// allow decides and insists.
func (w *world) allow(c guard.Case) guard.Decision {
	w.Helper()
	d := w.decide(c)
	if d.Effect != guard.Allow || !d.Reserved {
		w.Fatalf("denied: %+v", d.First())
	}
	return d
}

// deny decides and insists on the reason that comes first.
func (w *world) deny(c guard.Case, want guard.Reason) {
	w.Helper()
	d := w.decide(c)
	if d.Effect == guard.Allow || d.Reserved || cause(d).Reason != want && d.First().Reason != want {
		w.Fatalf("effect %s, first %+v, want a denial with %s; all: %+v", d.Effect, d.First(), want, d.Verdicts)
	}
}

// cause is the first refusal, or the escalation that is refused because nobody can approve it.
func cause(d guard.Decision) guard.Verdict {
	if r := d.Refusals(); len(r) > 1 && r[0].Reason == guard.ReasonApprovalUnavailable {
		return r[1]
	}
	return d.First()
}

// trip is one signed by a tripper of a party.
func (w *world) trip(party, scope string, level kill.Level, until time.Time) kill.Trip {
	return signTrip(kill.Trip{
		Scope: scope, Level: level, Reason: "drill", By: kill.By{Party: party, Key: pub(party + " tripper")}, At: w.now, Until: until,
	}, party+" tripper")
}

func signTrip(t kill.Trip, by string) kill.Trip {
	t.ID, t.Signature = t.Identify(networkID), sign(by, t.Digest(networkID))
	return t
}

func (w *world) addTrips(trips ...kill.Trip) (refused []error, err error) {
	good, refused := w.g.CheckTrips(trips)
	over, err := w.g.AddTrips(w.tx, w.now, good)
	return append(refused, over...), err
}

func (w *world) addTrip(t kill.Trip) {
	w.Helper()
	refused, err := w.addTrips(t)
	w.must(err)
	if len(refused) > 0 {
		w.Fatal(refused)
	}
}

// lift is signed by the operators of the named parties.
func (w *world) lift(ids []string, parties ...string) kill.Lift {
	l := kill.Lift{IDs: ids, Expires: w.now.Add(time.Hour)}
	for _, p := range parties {
		l.Signatures = append(l.Signatures, kill.Signature{
			By: kill.By{Party: p, Key: pub(p + " operator")}, Signature: sign(p+" operator", l.Digest(networkID)),
		})
	}
	return l
}

// terms are those of attempt n at a reserved case.
func (w *world) terms(c guard.Case, n int) guard.Terms {
	return guard.Terms{
		Session: sha256.Sum256(fmt.Append(nil, "session", n)), Request: c.Intent.Request, Payload: c.Tx.SigningHash,
		Key: "key-1", Epoch: 1, Signers: []string{"user", "platform"}, Attempt: n, Expires: w.now.Add(30 * time.Second),
	}
}

func (w *world) permit(c guard.Case, n int) *guard.Permit {
	w.Helper()
	p, err := w.g.Permit(w.tx, w.now, w.terms(c, n))
	w.must(err)
	return p
}
