package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const (
	maxKeyFile  = 256       // bytes: 64 hex digits and a line's end
	maxContexts = 256 << 10 // bytes: hundreds of contexts
	maxPolicy   = 256 << 10 // bytes: what a node takes
	maxPayload  = 64 << 10  // bytes: what the chain takes of a message
)

// readKey reads the seed of an Ed25519 key (RFC 8032), 64 hex digits in a file that nobody else can read.
func readKey(path string) (ed25519.PrivateKey, error) {
	raw, err := readPrivate(path, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("read key: %s is not 64 hex digits", path) // not the library's error: it quotes the file
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// createKey makes a new key in a file of its own. It never overwrites one.
func createKey(path string) (ed25519.PublicKey, error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create key: %w", err)
	}
	err = writePrivate(path, []byte(hex.EncodeToString(key.Seed())+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key: %s exists and is never overwritten", path)
	}
	if err != nil {
		return nil, fmt.Errorf("create key: %w", err)
	}
	return pub, nil
}

// writePrivate writes a new file that only its owner may read: all of it, or none.
func writePrivate(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// readPrivate reads a small file that only its owner may read or write.
func readPrivate(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, hinted(fmt.Errorf("%s has mode %04o: others could read or change it", path, mode), "chmod 600 %s", path)
	}
	return readSmall(path, limit)
}

// readSmall reads a regular file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", path, limit)
	}
	return os.ReadFile(path)
}
