package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/tonaiagent/mpcnode/ton/chain"
)

func TestNewestProvenBlockIsKeptAndNeverGoesBack(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	block := func(seqno uint32) chain.Block {
		return chain.Block{Seqno: seqno, RootHash: [32]byte{1}, FileHash: [32]byte{byte(seqno)}}
	}
	if got := newestTrusted(dir, block(5), log); got != block(5) {
		t.Errorf("nothing kept: %s", got)
	}
	keepTrusted(dir, block(9), log)
	for manifest, want := range map[uint32]uint32{5: 9, 9: 9, 10: 10} {
		if got := newestTrusted(dir, block(manifest), log); got != block(want) {
			t.Errorf("block 9 kept, the manifest's is %d: %s", manifest, got)
		}
	}
	path := filepath.Join(dir, trustedName)
	for name, spoil := range map[string]func() error{
		"cut":             func() error { return os.WriteFile(path, []byte("9:00"), 0o600) },
		"another's":       func() error { return os.Chmod(path, 0o644) },
		"of another form": func() error { return os.WriteFile(path, make([]byte, maxTrusted+1), 0o600) },
	} {
		keepTrusted(dir, block(9), log)
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if got := newestTrusted(dir, block(5), log); got != block(5) {
			t.Errorf("%s: %s", name, got)
		}
		os.Remove(path)
	}
}
