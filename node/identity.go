package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tonaiagent/mpcnode/store"
)

// identityFile holds the seed of the node's identity key, 64 hex digits, mode 0600. It is the node's peer id and signs
// its statements; it is no share of any wallet's key.
const identityFile = "identity.key"

// CreateIdentity makes the data directory and a new identity in it. It never overwrites one.
func CreateIdentity(dir string) (ed25519.PublicKey, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create identity: %w", err)
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create identity: %w", err)
	}
	path := filepath.Join(dir, identityFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create identity: %s exists and is never overwritten", path)
	}
	if err != nil {
		return nil, fmt.Errorf("create identity: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key.Seed()) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("create identity: %w", errors.Join(err, os.Remove(path))) // half a key would be in the way of a whole one
	}
	if err := errors.Join(syncDir(dir), syncDir(filepath.Dir(dir))); err != nil {
		return nil, fmt.Errorf("create identity: %w", err)
	}
	return pub, nil
}

// syncDir makes the names in a directory durable. One that may only be passed through can't be opened, nor need be.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// LoadIdentity reads the identity. A file that others can read is refused.
func LoadIdentity(dir string) (ed25519.PrivateKey, error) {
	raw, err := readPrivate(filepath.Join(dir, identityFile), 256)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load identity: %s has none: run `mpcnode init` first", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("load identity: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("load identity: %s is not 64 hex digits", filepath.Join(dir, identityFile))
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// secret reads the passphrase that opens the vault.
func (c Config) secret() (store.Passphrase, error) {
	if c.passphrase != "" {
		return store.NewPassphrase([]byte(c.passphrase)), nil
	}
	return store.ReadPassphrase(c.Vault.PassphraseFile)
}

// readPrivate reads a small file that must not be readable by the world; a group may read it only if it is ours.
func readPrivate(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	mode := info.Mode().Perm()
	if stat, ok := info.Sys().(*syscall.Stat_t); mode&0o007 != 0 || mode&0o020 != 0 ||
		mode&0o040 != 0 && (!ok || int(stat.Gid) != os.Getegid()) {
		return nil, fmt.Errorf("%s has mode %04o: others could read it: chmod 600 %s", path, mode, path)
	}
	return readSmall(path, limit)
}
