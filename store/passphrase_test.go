package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPassphraseNeverPrints(t *testing.T) {
	const canary = "canary-of-a-passphrase"
	p := NewPassphrase([]byte(canary))
	cfg := Config{Secret: p}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", p, "cfg", fmt.Sprintf("%v", cfg))
	j, err := json.Marshal(struct{ P Passphrase }{p})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb, p, &p)
		fmt.Fprintf(&log, verb+verb, cfg, struct{ hidden Passphrase }{p})
	}
	out := log.String() + string(j) + p.String() + p.GoString()
	if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) || strings.Contains(out, fmt.Sprint([]byte(canary))[1:20]) {
		t.Errorf("printed: %s", out)
	}
	if v := slog.AnyValue(p).Resolve(); v.Kind() != slog.KindString { // what a handler of one's own would see
		t.Errorf("slog resolves it to a %v", v.Kind())
	}
	if !strings.Contains(out, redacted) {
		t.Error("nothing stands in its place")
	}
}

func TestReadPassphrase(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text, want string
		mode       os.FileMode
		says       string
	}{
		"with line end":    {"correct horse\n", "correct horse", 0o600, ""},
		"without":          {"correct horse", "correct horse", 0o400, ""},
		"of another kind":  {"correct horse\r\n", "correct horse", 0o600, ""},
		"one is cut":       {" two \n\n", " two \n", 0o600, ""},
		"world-readable":   {"correct horse", "", 0o644, "chmod o-rwx"},
		"much too long":    {strings.Repeat("x", maxSmallFile+1), "", 0o600, "more than"},
		"world-executable": {"correct horse", "", 0o601, "chmod o-rwx"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
		p, err := ReadPassphrase(path)
		if c.says == "" && (err != nil || string(p.bytes()) != c.want) {
			t.Errorf("%s: %q, %v", name, p.bytes(), err)
		}
		if c.says != "" {
			wantError(t, err, nil, c.says)
		}
	}
	_, err := ReadPassphrase(filepath.Join(dir, "missing"))
	wantError(t, err, os.ErrNotExist)
}

func TestDestroyedPassphraseIsZero(t *testing.T) {
	b := []byte("correct horse")
	NewPassphrase(b).Destroy()
	if !bytes.Equal(b, make([]byte, len(b))) {
		t.Errorf("left %q", b)
	}
}
