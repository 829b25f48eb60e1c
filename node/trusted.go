package node

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tonaiagent/mpcnode/ton/chain"
)

// trustedName is where the newest key block stands that this node has proven, so that it need not prove the way from the
// manifest's block again. Losing it costs time only; whoever can change it could change the node's binary as well.
const trustedName = "trusted-block"

// maxTrusted bounds what is read of it.
const maxTrusted = 256

// newestTrusted returns the kept block if it is after the manifest's.
func newestTrusted(dir string, manifest chain.Block, log *slog.Logger) chain.Block {
	raw, err := readPrivate(filepath.Join(dir, trustedName), maxTrusted)
	var kept chain.Block
	if err == nil {
		err = kept.UnmarshalText(raw)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the last proven block can't be read: proving again from the network's", "err", err)
	}
	if err != nil || kept.Seqno <= manifest.Seqno {
		return manifest
	}
	return kept
}

// keepTrusted replaces the kept block. A failure is no reason to stop: the next key block tries again.
func keepTrusted(dir string, b chain.Block, log *slog.Logger) {
	path := filepath.Join(dir, trustedName)
	err := os.WriteFile(path+".tmp", []byte(b.String()), 0o600)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		log.Warn("keep the newest proven block", "block", b.Seqno, "err", err)
	}
}
