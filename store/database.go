package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// badgerOptions are the measured ones: 35 to 49 MB resident. Checksums of blocks are checked at each read from disk,
// so that a flipped bit in a counter is an error and never another number; badger by itself checks none.
func badgerOptions(dir string, log *slog.Logger) badger.Options {
	opt := badger.DefaultOptions(dir)
	opt.SyncWrites = true
	opt.MemTableSize = 8 << 20 // three of them are most of a node's memory
	opt.NumMemtables = 3
	opt.ValueLogFileSize = 32 << 20
	opt.BlockCacheSize = 16 << 20
	opt.IndexCacheSize = 8 << 20
	opt.NumCompactors = 2
	opt.DetectConflicts = true
	opt.ChecksumVerificationMode = options.OnBlockRead
	opt.BypassLockGuard = true // LOCK is held. Badger's own lock outlives Close while a child that is just being started has its file open.
	opt.Logger = badgerLog{log}
	return opt
}

// openBadger opens the database. After a SIGKILL the first try failed 3 times of 150 on an empty log file, which that
// try removes; the second always worked.
func openBadger(dir string, log *slog.Logger) (*badger.DB, error) {
	db, err := tryBadger(dir, log)
	if err != nil && strings.Contains(err.Error(), "Create a new file") {
		db, err = tryBadger(dir, log)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", dir, err)
	}
	return db, nil
}

func tryBadger(dir string, log *slog.Logger) (db *badger.DB, err error) {
	defer damaged(&err)
	return badger.Open(badgerOptions(dir, log))
}

// badgerLog writes badger's messages to slog. What badger calls information is of no use to an operator.
type badgerLog struct{ log *slog.Logger }

func (l badgerLog) Errorf(f string, a ...any)   { l.write(slog.LevelError, f, a) }
func (l badgerLog) Warningf(f string, a ...any) { l.write(slog.LevelWarn, f, a) }
func (l badgerLog) Infof(f string, a ...any)    { l.write(slog.LevelDebug, f, a) }
func (l badgerLog) Debugf(f string, a ...any)   { l.write(slog.LevelDebug, f, a) }

func (l badgerLog) write(level slog.Level, f string, a []any) {
	ctx := context.Background()
	if l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, "badger", "text", strings.TrimSpace(fmt.Sprintf(f, a...)))
	}
}
