package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/crypto/argon2"

	"github.com/tonaiagent/mpcnode/digest"
)

const pageName = "vault/keys"

// cost is what deriving the page's key takes. It stands in the page's header, so that a later release can raise it.
type cost struct {
	_       struct{} `cbor:",toarray"`
	Time    uint32
	Memory  uint32 // KiB
	Threads uint8
}

// defaultCost is the second recommended option of RFC 9106 section 4: 64 MiB, which a small machine has to spare.
var defaultCost = cost{Time: 3, Memory: 64 << 10, Threads: 4}

// maxCost bounds what a damaged header can ask for; the first recommended option of RFC 9106 takes 2 GiB.
var maxCost = cost{Time: 16, Memory: 2 << 20, Threads: 64}

func (c cost) check() error {
	if c.Time < 1 || c.Memory < 8 || c.Threads < 1 || c.Time > maxCost.Time || c.Memory > maxCost.Memory || c.Threads > maxCost.Threads {
		return fmt.Errorf("key derivation of %d passes over %d KiB with %d lanes", c.Time, c.Memory, c.Threads)
	}
	return nil
}

// State is how far a share has come. A share is Prepared from before this party confirms it, and Active once the
// certificate of its epoch is complete.
type State uint8

// The states; the zero value opens nothing.
const (
	Unknown State = iota
	Prepared
	Active
)

// String returns the state's name.
func (s State) String() string {
	switch s {
	case Prepared:
		return "prepared"
	case Active:
		return "active"
	default:
		return "unknown"
	}
}

// slot names a share of this party.
type slot struct {
	_     struct{} `cbor:",toarray"`
	Key   string
	Epoch uint32
}

func (s slot) file() string { return fmt.Sprintf("vault/%s.%d", s.Key, s.Epoch) }

func (s slot) String() string { return fmt.Sprintf("share of %s, epoch %d", s.Key, s.Epoch) }

// pageFile is vault/keys: a header and the sealed records.
type pageFile struct {
	_      struct{} `cbor:",toarray"`
	V      uint8
	Cost   cost
	Salt   [16]byte
	Sealed []byte // of pageRecords in CBOR
}

// pageRecord is one file key. Where a share has none, its file is noise: leaving out a record is how shares are deleted.
type pageRecord struct {
	_     struct{} `cbor:",toarray"`
	Slot  slot
	State State
	Key   fileKey
}

// page seals and opens the records under a key that is derived once.
type page struct {
	root *os.Root
	ad   [32]byte
	cost cost
	salt [16]byte
	key  fileKey
}

func newPage(root *os.Root, cfg Config, c cost, salt [16]byte) *page {
	p := &page{root: root, cost: c, salt: salt,
		ad: digest.Sum(digest.VaultPage, cfg.Network, cfg.Party, c.Time, c.Memory, c.Threads, salt)}
	key := argon2.IDKey(cfg.Secret.bytes(), salt[:], c.Time, c.Memory, c.Threads, uint32(len(p.key)))
	copy(p.key[:], key)
	clear(key)
	return p
}

// createVault writes a page without records under a new salt.
func createVault(root *os.Root, cfg Config) error {
	var salt [16]byte
	rand.Read(salt[:])
	p := newPage(root, cfg, cfg.cost, salt)
	defer clear(p.key[:])
	return p.write(nil)
}

// openPage derives the key from the passphrase and the page's header, and returns the records.
func openPage(root *os.Root, cfg Config) (*page, []pageRecord, error) {
	b, err := readFile(root, pageName, maxPage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, sealed("VERSION exists and %s doesn't", pageName)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", pageName, err)
	}
	var f pageFile
	if err := digest.Decode(b, &f); err != nil {
		return nil, nil, sealed("%s is damaged: %v", pageName, err)
	}
	if f.V != 1 {
		return nil, nil, sealed("%s is of version %d", pageName, f.V)
	}
	if err := f.Cost.check(); err != nil {
		return nil, nil, sealed("%s is damaged: %v", pageName, err)
	}
	p := newPage(root, cfg, f.Cost, f.Salt)
	records, err := p.open(f.Sealed)
	if err != nil {
		clear(p.key[:])
	}
	return p, records, err
}

func (p *page) open(b []byte) ([]pageRecord, error) {
	plain, err := p.key.open(b, p.ad)
	if err != nil {
		return nil, fmt.Errorf("%w for this directory (or %s is damaged: then restore it from a copy)", ErrPassphrase, pageName)
	}
	defer clear(plain)
	var records []pageRecord
	if err := digest.Decode(plain, &records); err != nil {
		return nil, sealed("%s is damaged: %v", pageName, err)
	}
	return records, nil
}

// write replaces the page. The old one is overwritten where it stood, and so is one that a crash kept from replacing it,
// because a key that is left out must be gone.
func (p *page) write(records []pageRecord) error {
	if err := p.shred(pageName + tmpSuffix); err != nil {
		return err
	}
	plain := digest.Encode(records)
	defer clear(plain)
	old, err := p.root.OpenFile(pageName, os.O_WRONLY, 0)
	if err == nil {
		defer old.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", pageName, err)
	}
	f := pageFile{V: 1, Cost: p.cost, Salt: p.salt, Sealed: p.key.seal(plain, p.ad)}
	if err := writeFile(p.root, pageName, digest.Encode(f)); err != nil {
		return err
	}
	return overwrite(old)
}

// shred overwrites and removes a file, if it is there.
func (p *page) shred(name string) error {
	f, err := p.root.OpenFile(name, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("overwrite %s: %w", name, err)
	}
	return errors.Join(overwrite(f), f.Close(), p.root.Remove(name))
}

// overwrite fills a file that is not to be read again with zeros. Flash disks and copy-on-write file systems may keep the old blocks.
func overwrite(f *os.File) error {
	if f == nil {
		return nil
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("overwrite the old %s: %w", pageName, err)
	}
	return nil
}
