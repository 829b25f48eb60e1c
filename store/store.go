package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// Config says which party's directory to open, and how.
type Config struct {
	// Dir is the data directory. One that doesn't exist or has nothing of the store's is made ready; nothing that exists
	// is ever overwritten.
	Dir string

	// Secret opens the page of file keys: at least 12 bytes. The store keeps no copy of it.
	Secret Passphrase

	// Party and Network are whose data it is. A directory of another party or network is refused.
	Party   string
	Network [32]byte

	// FreeSpace returns the bytes free under a directory; nil asks the operating system.
	FreeSpace func(dir string) (uint64, error)

	// OnFatal is told, once, that a commit, sync or anchor failed, and should end the process: badger is not to be trusted
	// after it. It runs on the store's goroutines and must not call the store. Nil panics.
	OnFatal func(error)

	// Logger gets what badger has to say; nil drops it.
	Logger *slog.Logger

	// cost of the key derivation; the zero value is the product's, tests lower it.
	cost cost
}

// Store is an open data directory.
type Store struct {
	root   *os.Root
	lock   *os.File
	ledger *Ledger
	vault  *Vault
}

// Open opens the data directory and checks that it is whole: permissions, format, free space, the passphrase, the shares
// of the vault, and the ledger against its anchor. It takes about as long as the key derivation, some tenths of a second.
//
// Errors: [ErrPassphrase], [ErrDiskFull], and [ErrSealed] when the directory contradicts itself.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := open(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", cfg.Dir, err)
	}
	return s, nil
}

func (c Config) complete() (Config, error) {
	switch {
	case c.Dir == "":
		return c, errors.New("no directory")
	case !validID(c.Party):
		return c, fmt.Errorf("party %q is no id (a-z, 0-9 and -, at most 64)", c.Party)
	case c.Network == [32]byte{}:
		return c, errors.New("no network id")
	}
	if err := c.Secret.Check(); err != nil {
		return c, err
	}
	if c.FreeSpace == nil {
		c.FreeSpace = freeSpace
	}
	if c.OnFatal == nil {
		c.OnFatal = func(err error) { panic(err) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.cost == (cost{}) {
		c.cost = defaultCost
	}
	return c, nil
}

// origin names the log of this party in this network, as its checkpoints do.
func (c Config) origin() string { return hex.EncodeToString(c.Network[:]) + "/" + c.Party }

func open(ctx context.Context, cfg Config) (_ *Store, err error) {
	root, err := openDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.lock, err = lockDir(root); err != nil {
		return nil, err
	}
	space := &disk{dir: cfg.Dir, free: cfg.FreeSpace}
	if err := prepare(root, cfg, space); err != nil {
		return nil, err
	}
	return s, s.load(ctx, cfg, space)
}

// prepare makes sure that there is something whole to load, and room for it.
func prepare(root *os.Root, cfg Config, space *disk) error {
	if err := space.check(); err != nil {
		return err
	}
	fresh, err := isFresh(root)
	if err != nil || !fresh {
		return err
	}
	if err := create(root, cfg); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	return nil
}

// load opens vault and ledger. The anchor comes first: it says whose directory this is, which a passphrase can't.
func (s *Store) load(ctx context.Context, cfg Config, space *disk) error {
	a, err := readAnchor(s.root, cfg.origin())
	if err != nil {
		return err
	}
	if s.vault, err = openVault(s.root, cfg); err != nil {
		return err
	}
	s.ledger, err = openLedger(ctx, s.root, cfg, space, a)
	return err
}

// openLedger opens the database, checks it against its anchor and starts the goroutines that Close waits for.
func openLedger(ctx context.Context, root *os.Root, cfg Config, space *disk, a anchor) (*Ledger, error) {
	db, err := openBadger(filepath.Join(cfg.Dir, "ledger"), cfg.Logger)
	if err != nil {
		return nil, err
	}
	txn := db.NewTransaction(false)
	h, err := verify(ctx, txn, a)
	txn.Discard()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	l := &Ledger{db: db, party: cfg.Party, disk: space, anchors: newAnchors(root, cfg.origin()), onFatal: cfg.OnFatal,
		sync: (*badger.Txn).Commit, recent: newRecent(maxRecent), queue: make(chan *operation, maxQueue), committed: make(chan struct{})}
	l.head.Store(&h)
	go l.commitLoop()
	go l.anchorLoop()
	return l, nil
}

// Ledger returns the ledger; it closes with the store.
func (s *Store) Ledger() *Ledger { return s.ledger }

// Vault returns the vault; it closes with the store.
func (s *Store) Vault() *Vault { return s.vault }

// Close answers what is queued, writes the last anchor, closes the database and overwrites the keys in memory. After a
// storage failure the database is left as it is, because badger can hang. It may be called more than once.
func (s *Store) Close() error {
	var errs []error
	if s.ledger != nil {
		errs = append(errs, s.ledger.close())
	}
	if s.vault != nil {
		s.vault.close()
	}
	if s.lock != nil {
		unlockDir(s.lock)
	}
	errs = append(errs, s.root.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

func (l *Ledger) close() error {
	if !l.stop() {
		return nil
	}
	close(l.anchors.quit)
	<-l.anchors.ended
	if err := l.failure(); err != nil {
		return err
	}
	return l.db.Close()
}
