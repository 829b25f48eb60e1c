package node

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// valid is a configuration without mistakes; tests spoil one thing at a time.
const valid = `party: user
data: /var/lib/mpcnode
network:
  name: dev
  global_id: -239
  threshold: 2
  parties:
    - name: platform
      identity: "1111111111111111111111111111111111111111111111111111111111111111"
      operators: ["2222222222222222222222222222222222222222222222222222222222222222"]
      addresses: [/ip4/192.0.2.1/tcp/7700]
    - name: user
      identity: "3333333333333333333333333333333333333333333333333333333333333333"
      operators: ["4444444444444444444444444444444444444444444444444444444444444444"]
p2p:
  listen: [/ip4/0.0.0.0/tcp/7700]
api:
  listen: 127.0.0.1:7800
chain:
  liteservers:
    - address: 127.0.0.1:7900
      key: n4VDnSCUuSpjnCyUk9e3QOOd6o0ItSWYbTnW3Wnn8wk=
vault:
  passphrase_file: /run/secrets/mpcnode
`

func environment(set map[string]string) func(string) string {
	return func(name string) string { return set[name] }
}

func TestValidConfigurationIsRead(t *testing.T) {
	cfg, err := ParseConfig([]byte(valid), environment(map[string]string{"MAX_TRANSACTION_TON": "5", "MPC_THRESHOLD": "2"}))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.API.URL != "http://127.0.0.1:7800" || cfg.MaxTransaction == nil || *cfg.MaxTransaction != ton.NanoOf(5e9) {
		t.Errorf("%+v", cfg)
	}
	if m := cfg.Manifest(); m.Check() != nil || m.Parties[0].Name != "platform" {
		t.Errorf("%+v", m)
	}
}

func TestAddressesAreNoPartOfTheNetwork(t *testing.T) {
	a, err := ParseConfig([]byte(valid), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseConfig([]byte(strings.Replace(valid, "192.0.2.1", "192.0.2.2", 1)), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if a.Manifest().ID() != b.Manifest().ID() {
		t.Error("moving a node makes another network")
	}
}

// TestBadConfigurationSaysWhereAndWhat spoils one line at a time and looks for the line and the words that help.
func TestBadConfigurationSaysWhereAndWhat(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"party: user", "party: nobody", "1:8: party"},
		{"party: user", "partie: user", "1:1: partie: unknown field"},
		{"party: user", "party: user\nparty: platform", "already defined"},
		{"/var/lib/mpcnode", "var/lib", "absolute path"},
		{"chain:\n", "chain:\n  toncenter: [{url: 'http://toncenter.com', version: v2}]\n", "20:16: chain.toncenter[0]: its URL is not https"},
		{"chain:\n", "chain:\n  toncenter: [{url: 'https://toncenter.com'}]\n", "want v2 or v3"},
		{"chain:\n", "chain:\n  toncenter: [" + strings.Repeat("{url: 'https://toncenter.com', version: v2},", 9) + "]\n", "at most 8"},
		{"name: dev", "name: mainnet", "network.trusted_block: missing"},
		{"name: dev", "name: mainnet\n  trusted_block: 1:00:00", "root hash"},
		{"threshold: 2", "threshold: 1", "one party alone must not sign"},
		{"threshold: 2", "threshold: two", "6:14: network.threshold: want a whole number"},
		{"global_id: -239", "global_id: 0", "global_id is missing"},
		{`"3333`, `"333`, "64 hex digits"},
		{`["4444444444444444444444444444444444444444444444444444444444444444"]`, `["2222222222222222222222222222222222222222222222222222222222222222"]`, "enrolled at party"},
		{`operators: ["4444444444444444444444444444444444444444444444444444444444444444"]`, "operators: []", "no operator"},
		{"listen: 127.0.0.1:7800", "listen: 0.0.0.0:7800", "plain HTTP beyond loopback"},
		{"listen: 127.0.0.1:7800", "listen: nonsense", "host:port"},
		{"listen: 127.0.0.1:7800", "listen: 127.0.0.1:7800\n  url: http://x/path", "scheme and authority only"},
		{"address: 127.0.0.1:7900", "address: nowhere", "liteservers[0].address"},
		{"key: n4VD", "key: ", "liteservers[0].key"},
		{`"4444444444444444444444444444444444444444444444444444444444444444"`, `"a1a0000000000000000000000000000000000000000000000000000000000002"`, "has a key of the example"},
		{"passphrase_file: /run/secrets/mpcnode", "passphrase_file: ''", "no passphrase"},
		{"/ip4/192.0.2.1/tcp/7700", "192.0.2.1:7700", "want a multiaddress"},
		{"listen: [/ip4/0.0.0.0/tcp/7700]", "listen: [nowhere]", "p2p.listen[0]"},
		{"      addresses: [/ip4/192.0.2.1/tcp/7700]\n", "", "could never meet"},
		{"vault:", "log: {level: loud}\nvault:", "log.level"},
		{"vault:", "log: {format: xml}\nvault:", "log.format"},
	} {
		if !strings.Contains(valid, c.old) {
			t.Fatalf("%q is not in the valid configuration", c.old)
		}
		_, err := ParseConfig([]byte(strings.Replace(valid, c.old, c.new, 1)), environment(nil))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.new, err, c.want)
		}
	}
}

func TestEnvironmentMayOnlyTighten(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"threshold differs":     {"MPC_THRESHOLD": "1"},
		"parties differ":        {"MPC_TOTAL_PARTIES": "5"},
		"amount is no number":   {"MAX_DAILY_TON": "lots"},
		"score is no number":    {"MAX_RISK_SCORE": "80%"},
		"score is no score":     {"MAX_RISK_SCORE": "101"},
		"HSM is not served":     {"HSM_PROVIDER": "aws-cloudhsm"},
		"passphrase twice":      {"KEY_ENCRYPTION_KEY": "x"},
		"passphrase file twice": {"KEY_ENCRYPTION_KEY_FILE": "/x"},
	} {
		if _, err := ParseConfig([]byte(valid), environment(set)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	bad := strings.NewReplacer("party: user", "party: nobody", "threshold: 2", "threshold: 1", "127.0.0.1:7900", "nowhere").Replace(valid)
	_, err := ParseConfig([]byte(bad), environment(nil))
	for _, want := range []string{"1:8: party", "4:3: network: threshold 1", "21:16: chain"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}

func TestValidatorHostsAreHosts(t *testing.T) {
	for host, good := range map[string]bool{
		"validator.example": true, "validator.example:8443": true, "192.0.2.1": true,
		"https://validator.example": false, "validator.example/intent": false, "user@validator.example": false, `""`: false,
	} {
		_, err := ParseConfig([]byte(valid+"\nvalidator_hosts: ["+host+"]\n"), environment(nil))
		if good != (err == nil) || err != nil && !strings.Contains(err.Error(), "validator_hosts[0]: ") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestWhatCanNotBeReadHidesNoOtherMistake(t *testing.T) {
	bad := strings.NewReplacer("threshold: 2", "threshold: two", `"3333`, `"333`, "127.0.0.1:7900", "nowhere", "vault:", "vault:\n  colour: red").Replace(valid)
	_, err := ParseConfig([]byte(bad), environment(map[string]string{"MPC_THRESHOLD": "2"}))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"6:14: network.threshold: want a whole number", "network.parties[1].identity: ", "chain.liteservers[0].address: want host:port", "vault.colour: unknown field"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error\n%v\nlacks %q", err, want)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 4 {
		t.Errorf("%d mistakes, want 4:\n%v", n, err)
	}
}

func TestIdentityIsNeverOverwrittenAndNeverShared(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	pub, err := CreateIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateIdentity(dir); err == nil {
		t.Error("overwritten")
	}
	key, err := LoadIdentity(dir)
	if err != nil || !pub.Equal(key.Public()) {
		t.Errorf("another key came back: %v", err)
	}
	if err := os.Chmod(filepath.Join(dir, identityFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadIdentity(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	if _, err := LoadIdentity(t.TempDir()); err == nil || !strings.Contains(err.Error(), "mpcnode init") {
		t.Errorf("no key: %v", err)
	}
}

// TestIdentityIsWholeOrNotThere lets no file grow, as on a full disk. What was made up to then would be in the way of the next try.
func TestIdentityIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := CreateIdentity(dir)
	if back := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); back != nil {
		t.Fatal(back)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("with a full disk: %v", err)
	}
	if _, err := CreateIdentity(dir); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestTokensRunOutAndComeBack(t *testing.T) {
	bucket := tokens{buckets: newBuckets()}
	now := time.Unix(1_800_000_000, 0)
	for i := range tokenBurst {
		if _, ok := bucket.take("a", Allowance{}, now); !ok {
			t.Fatalf("token %d was not given", i)
		}
	}
	wait, ok := bucket.take("a", Allowance{}, now)
	if ok || wait <= 0 || wait > time.Second {
		t.Errorf("token beyond the burst: %v, wait %s", ok, wait)
	}
	if _, ok := bucket.take("b", Allowance{}, now); !ok {
		t.Error("one caller used up another's tokens")
	}
	if _, ok := bucket.take("a", Allowance{}, now.Add(time.Second)); !ok {
		t.Error("no token after a second")
	}
	if _, ok := bucket.take("a", Allowance{Unlimited: true}, now); !ok {
		t.Error("an unlimited caller was refused")
	}
}

func TestTokenBucketsAreBounded(t *testing.T) {
	bucket := tokens{buckets: newBuckets()}
	now := time.Unix(1_800_000_000, 0)
	for i := range maxCallers {
		bucket.take(fmt.Sprint(i), Allowance{}, now)
	}
	if _, ok := bucket.take("one more", Allowance{}, now); ok || len(bucket.buckets) > maxCallers {
		t.Errorf("%d buckets", len(bucket.buckets))
	}
	if _, ok := bucket.take("one more", Allowance{}, now.Add(time.Hour)); !ok {
		t.Error("full buckets were not forgotten")
	}
}

func TestAttemptsOnlyGoUp(t *testing.T) {
	a := attempts{open: map[[32]byte]attempt{}}
	now := time.Unix(1_800_000_000, 0)
	request, payload, later := [32]byte{1}, [32]byte{2}, now.Add(time.Minute)
	nonce, number, ok := a.next(request, payload, 0, later, now)
	if !ok || number != 1 {
		t.Fatalf("attempt %d, %v", number, ok)
	}
	if _, ok := a.take(request, payload, 2, now); ok {
		t.Error("a nonce of another attempt was taken")
	}
	if got, ok := a.take(request, payload, 1, now); !ok || got != nonce {
		t.Error("the nonce was not there")
	}
	if _, ok := a.take(request, payload, 1, now); ok {
		t.Error("a nonce was taken twice")
	}
	if _, ok := a.offer(request, payload, 1, later, now); ok {
		t.Error("an attempt was offered twice")
	}
	if _, ok := a.offer([32]byte{9}, payload, 5, later, now); ok {
		t.Error("another request took over the payload")
	}
	if _, number, ok := a.next(request, payload, 7, later, now); !ok || number != 8 {
		t.Errorf("after the recorded attempt 7 comes %d", number)
	}
	if _, ok := a.take(request, payload, 8, later); ok {
		t.Error("an expired nonce was taken")
	}
}

func TestNodeThatOthersDialMustListen(t *testing.T) {
	deaf := strings.NewReplacer("party: user", "party: platform", "p2p:\n  listen: [/ip4/0.0.0.0/tcp/7700]\n", "").Replace(valid)
	if _, err := ParseConfig([]byte(deaf), environment(nil)); err == nil || !strings.Contains(err.Error(), "listens nowhere") {
		t.Errorf("error %v", err)
	}
}
