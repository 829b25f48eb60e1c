package devchain

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"

	"github.com/fxamacker/cbor/v2"
)

// formatVersion is of everything in a chain's directory. A change of what is written, or of what a block is made of,
// needs the next: a chain of another version is refused.
const formatVersion = 1

// snapshotMagic begins a snapshot: then come the version (4 bytes), SHA-256 of the rest, and the rest.
const snapshotMagic = "devchain"

// keeper keeps a chain in a directory, which it alone has open:
//
//	snapshot     all that the chain had at some block
//	log-<seqno>  what every block since that one was made of
//
// A block is in the log, synced, before anybody sees it; whoever opens the directory makes the blocks of the log again. The
// methods of nil do nothing: a chain in memory has no keeper.
type keeper struct {
	dir  *os.Root
	lock *os.File // the directory; the lock is the kernel's, and ends with the process however that ends
	log  *journal
}

// openKeeper makes the directory if it isn't there, and locks it.
func openKeeper(path string) (*keeper, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	lock, err := dir.Open(".")
	if err != nil {
		dir.Close()
		return nil, err
	}
	k := &keeper{dir: dir, lock: lock}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		k.close()
		return nil, fmt.Errorf("another process has the chain in %s open: %w", path, err)
	}
	return k, nil
}

// read returns the snapshot, nil in a directory that holds nothing yet.
func (k *keeper) read() (*snapshot, error) {
	f, err := k.dir.Open("snapshot")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, k.checkEmpty()
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSnapshot+1))
	if err != nil {
		return nil, err
	}
	s, err := decodeSnapshot(raw)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return s, nil
}

// checkEmpty refuses to start anew where something is: a chain that lost its snapshot, or somebody else's files. What a
// start that was cut short has left holds no block that anybody saw.
func (k *keeper) checkEmpty() error {
	names, err := k.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := k.dir.Stat(name)
		if err != nil {
			return err
		}
		if name != "snapshot.new" && (name != logName(1) || info.Size() > journalHead) {
			return fmt.Errorf("it holds %s, but no snapshot of a chain", name)
		}
	}
	return nil
}

func (k *keeper) names() ([]string, error) {
	list, err := k.dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer list.Close()
	return list.Readdirnames(-1)
}

func decodeSnapshot(raw []byte) (*snapshot, error) {
	const head = len(snapshotMagic) + 4 + sha256.Size
	if len(raw) < head || string(raw[:len(snapshotMagic)]) != snapshotMagic {
		return nil, errors.New("it is not one of a chain")
	}
	if v := binary.BigEndian.Uint32(raw[len(snapshotMagic):]); v != formatVersion {
		return nil, fmt.Errorf("its format is %d, this program reads %d: begin a new chain in another directory", v, formatVersion)
	}
	body := raw[head:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], raw[head-sha256.Size:head]) || len(raw) > maxSnapshot {
		return nil, errors.New("it is damaged: restore the directory, or begin a new chain in another one")
	}
	var s snapshot
	if err := snapshotMode.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// snapshotMode bounds nothing beyond the size of the file: its checksum says that it is our own.
var snapshotMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: math.MaxInt32, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

func encodeSnapshot(s *snapshot) ([]byte, error) {
	body, err := cbor.Marshal(s)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	raw := binary.BigEndian.AppendUint32([]byte(snapshotMagic), formatVersion)
	raw = append(append(raw, sum[:]...), body...)
	if len(raw) > maxSnapshot {
		return nil, fmt.Errorf("it has %d bytes, at most %d are read again", len(raw), maxSnapshot)
	}
	return raw, nil
}

// begin writes a snapshot and starts a log after it. The new log is there before the snapshot that asks for it, the old
// one goes after: whenever this is cut short, one of the two snapshots is there with its log.
func (k *keeper) begin(s *snapshot) error {
	raw, err := encodeSnapshot(s)
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	seqno := s.Blocks[len(s.Blocks)-1].Seqno
	log, err := createJournal(k.dir, logName(seqno))
	if err != nil {
		return fmt.Errorf("begin log: %w", err)
	}
	if err := k.lock.Sync(); err != nil {
		return fmt.Errorf("begin log: %w", err)
	}
	if err := k.replace("snapshot", raw); err != nil {
		log.file.Close()
		return fmt.Errorf("write snapshot: %w", err)
	}
	if k.log != nil {
		k.log.file.Close()
	}
	k.log = log
	return k.forget(logName(seqno))
}

// replace writes a file whole: it is the old one or the new one, whatever happens.
func (k *keeper) replace(name string, raw []byte) error {
	f, err := k.dir.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := k.dir.Rename(name+".new", name); err != nil {
		return err
	}
	return k.lock.Sync()
}

// forget removes the logs that no snapshot asks for any more.
func (k *keeper) forget(but string) error {
	names, err := k.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, "log-") && name != but {
			err = errors.Join(err, k.dir.Remove(name))
		}
	}
	return err
}

func logName(seqno uint32) string { return fmt.Sprintf("log-%d", seqno) }

// append writes down a block. Whoever calls it may show the block once it returns.
func (k *keeper) append(r record) error {
	if k == nil {
		return nil
	}
	return k.log.append(r)
}

// full reports whether it is time for another snapshot, and again as long after one that failed.
func (k *keeper) full() bool {
	return k != nil && k.log.records > 0 && k.log.records%snapshotEvery == 0
}

func (k *keeper) close() error {
	var err error
	if k.log != nil {
		err = k.log.close()
	}
	syscall.Flock(int(k.lock.Fd()), syscall.LOCK_UN) // at once: a child that is just being started has it open too
	return errors.Join(err, k.lock.Close(), k.dir.Close())
}
