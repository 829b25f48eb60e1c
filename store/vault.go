package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/tonaiagent/mpcnode/digest"
)

// Vault keeps this party's key shares, sealed on disk and in memory. It is safe for concurrent use.
type Vault struct {
	root    *os.Root
	network [32]byte
	party   string
	page    *page

	mu     sync.RWMutex // guards the fields below; held for writing while the page is
	shares map[slot]*sealedShare
	newest map[string]uint32 // the highest active epoch of each key
	closed bool
}

// sealedShare is a share as its file has it. Only state changes, and only under the vault's lock.
type sealedShare struct {
	state State
	key   fileKey
	text  []byte
}

// Held is a share that the vault has.
type Held struct {
	Key   string
	Epoch uint32
	State State
}

// openVault opens the page and reads every share that it lists. A file that it doesn't list is left alone: it is noise,
// but not if the page turns out to be an older copy put there by mistake.
func openVault(root *os.Root, cfg Config) (*Vault, error) {
	p, records, err := openPage(root, cfg)
	if err != nil {
		return nil, err
	}
	v := &Vault{root: root, network: cfg.Network, party: cfg.Party, page: p, shares: make(map[slot]*sealedShare, len(records))}
	if err := v.loadAll(records); err != nil {
		v.close()
		return nil, err
	}
	v.index()
	return v, nil
}

// loadAll reads the listed shares and clears the list, which holds their keys.
func (v *Vault) loadAll(records []pageRecord) error {
	defer clear(records)
	for _, r := range records {
		if err := v.load(r); err != nil {
			return err
		}
	}
	return nil
}

// load reads a share's file and checks that it opens, so that damage is found at the start and not when it is needed.
func (v *Vault) load(r pageRecord) error {
	if !validID(r.Slot.Key) || r.Slot.Epoch == 0 || r.State != Prepared && r.State != Active {
		return sealed("%s lists %q, epoch %d, as %s", pageName, r.Slot.Key, r.Slot.Epoch, r.State)
	}
	text, err := readFile(v.root, r.Slot.file(), maxSealed)
	if err != nil {
		return sealed("the file of the %s is unreadable: %v", r.Slot, err)
	}
	h := &sealedShare{state: r.State, key: r.Key, text: text}
	plain, err := h.key.open(text, v.ad(r.Slot))
	if err != nil {
		return sealed("the file of the %s is damaged: %v", r.Slot, err)
	}
	clear(plain)
	v.shares[r.Slot] = h
	return nil
}

// ad binds a sealed share to what it is, so that no file can stand in for another.
func (v *Vault) ad(s slot) [32]byte {
	return digest.Sum(digest.Vault, v.network, s.Key, v.party, s.Epoch)
}

// List returns what the vault has, by key and epoch.
func (v *Vault) List() []Held {
	v.mu.RLock()
	defer v.mu.RUnlock()
	list := make([]Held, 0, len(v.shares))
	for _, s := range v.slots() {
		list = append(list, Held{Key: s.Key, Epoch: s.Epoch, State: v.shares[s].state})
	}
	return list
}

// slots returns what there is in the order of key and epoch.
func (v *Vault) slots() []slot {
	return slices.SortedFunc(maps.Keys(v.shares), func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Epoch, b.Epoch))
	})
}

// add seals a new share as prepared: first its file, then the page that makes the file readable.
func (v *Vault) add(s slot, plain []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.mayAdd(s); err != nil {
		return err
	}
	h := &sealedShare{state: Prepared, key: newFileKey()}
	h.text = h.key.seal(plain, v.ad(s))
	if len(h.text) > maxSealed {
		return fmt.Errorf("sealed share of %d bytes, the most is %d", len(h.text), maxSealed)
	}
	if err := writeFile(v.root, s.file(), h.text); err != nil {
		return err
	}
	v.shares[s] = h
	if err := v.writePage(); err != nil {
		delete(v.shares, s)
		clear(h.key[:])
		return err
	}
	return nil
}

func (v *Vault) mayAdd(s slot) error {
	if v.closed {
		return ErrClosed
	}
	if !validID(s.Key) || s.Epoch == 0 {
		return fmt.Errorf("key %q, epoch %d, names no share", s.Key, s.Epoch)
	}
	if h, ok := v.shares[s]; ok {
		return fmt.Errorf("there is one already, %s", h.state)
	}
	if len(v.shares) >= maxShares {
		return fmt.Errorf("the vault is full with %d shares", maxShares)
	}
	return nil
}

// Activate makes a prepared share usable for signing. Doing it again is no error.
func (v *Vault) Activate(key string, epoch uint32) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := slot{Key: key, Epoch: epoch}
	h, err := v.find(s)
	if err != nil {
		return fmt.Errorf("activate %s: %w", s, err)
	}
	if h.state == Active {
		return nil
	}
	h.state = Active
	if err := v.writePage(); err != nil {
		h.state = Prepared
		return fmt.Errorf("activate %s: %w", s, err)
	}
	v.index()
	return nil
}

// Discard deletes a share for good: its file key is gone from the page when it returns. Discarding what the vault doesn't
// have is no error.
func (v *Vault) Discard(key string, epoch uint32) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := slot{Key: key, Epoch: epoch}
	h, ok := v.shares[s]
	if v.closed {
		return fmt.Errorf("discard %s: %w", s, ErrClosed)
	}
	if !ok {
		return nil
	}
	delete(v.shares, s)
	if err := v.writePage(); err != nil {
		v.shares[s] = h
		return fmt.Errorf("discard %s: %w", s, err)
	}
	clear(h.key[:])
	v.index()
	// Without its key the file is noise, and nothing needs it to be gone.
	if err := v.root.Remove(s.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard %s: %w", s, err)
	}
	return nil
}

// index finds the newest epochs again. Changes are rare and openings are not.
func (v *Vault) index() {
	v.newest = make(map[string]uint32, len(v.shares))
	for s, h := range v.shares {
		if h.state == Active {
			v.newest[s.Key] = max(v.newest[s.Key], s.Epoch)
		}
	}
}

func (v *Vault) writePage() error {
	records := make([]pageRecord, 0, len(v.shares))
	for _, s := range v.slots() {
		records = append(records, pageRecord{Slot: s, State: v.shares[s].state, Key: v.shares[s].key})
	}
	defer clear(records)
	return v.page.write(records)
}

func (v *Vault) find(s slot) (*sealedShare, error) {
	if v.closed {
		return nil, ErrClosed
	}
	h, ok := v.shares[s]
	if !ok {
		return nil, errors.New("the vault has none")
	}
	return h, nil
}

// unseal returns the share's bytes, for the caller to clear. A share of an epoch below an active one of its key is not
// opened any more, and one that is only prepared for tests alone.
func (v *Vault) unseal(s slot, test bool) ([]byte, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	h, err := v.find(s)
	if err != nil {
		return nil, err
	}
	if h.state != Active && !test {
		return nil, fmt.Errorf("it is %s, not active", h.state)
	}
	if newest := v.newest[s.Key]; newest > s.Epoch {
		return nil, fmt.Errorf("epoch %d is active", newest)
	}
	return h.key.open(h.text, v.ad(s))
}

// close overwrites the keys in memory.
func (v *Vault) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, h := range v.shares {
		clear(h.key[:])
	}
	clear(v.page.key[:])
	v.shares, v.closed = nil, true
}
