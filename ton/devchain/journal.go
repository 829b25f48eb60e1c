package devchain

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// journalMagic begins a log; the version follows in 4 bytes.
const journalMagic = "devchlog"

// record is what a block was made of, and what came of it.
type record struct {
	time    uint32
	root    []byte     // hash of the masterchain's block
	message *cell.Cell // that it began with; nil: none
}

// journal is the log of blocks since a snapshot. A record is the length of its body and that length's complement, so that
// a damaged length isn't taken for a record that is cut short, CRC-32C of the body, and the body; 4 bytes each.
type journal struct {
	file    *os.File
	size    int64
	records int
	broken  error // why nothing can be appended any more
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn is the end of a log in the middle of a record: its writing was cut short, and nobody saw that block.
var errTorn = errors.New("record is cut short")

var errDamaged = errors.New("the log is damaged: restore the directory, or begin a new chain in another one")

// Bytes before the first record, and before a record's body.
const (
	journalHead = int64(len(journalMagic)) + 4
	recordHead  = 12
)

// createJournal makes an empty log, over one that a start cut short has left.
func createJournal(dir *os.Root, name string) (*journal, error) {
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	head := binary.BigEndian.AppendUint32([]byte(journalMagic), formatVersion)
	_, err = f.Write(head)
	if err = errors.Join(err, f.Sync()); err != nil {
		f.Close()
		return nil, err
	}
	return &journal{file: f, size: journalHead}, nil
}

// openJournal hands every record to apply, cuts off one that is cut short, and is ready for more.
func openJournal(dir *os.Root, name string, apply func(record) error) (*journal, error) {
	f, err := dir.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f}
	if err := j.read(apply); err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

func (j *journal) read(apply func(record) error) error {
	in := bufio.NewReader(j.file)
	head := make([]byte, journalHead)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(journalMagic)]) != journalMagic {
		return errors.New("it is not a chain's")
	}
	if v := binary.BigEndian.Uint32(head[len(journalMagic):]); v != formatVersion {
		return fmt.Errorf("its format is %d, this program reads %d", v, formatVersion)
	}
	for j.size = journalHead; ; j.records++ {
		r, n, err := readRecord(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errTorn) {
			if err := j.file.Truncate(j.size); err != nil {
				return err
			}
			break
		}
		if err == nil {
			err = apply(r)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", j.records+1, err)
		}
		j.size += int64(n)
	}
	_, err := j.file.Seek(j.size, io.SeekStart)
	return err
}

// readRecord returns one record and its length: io.EOF at the end, errTorn where the end is too early.
func readRecord(in io.Reader) (r record, n int, err error) {
	head := make([]byte, recordHead)
	if _, err := io.ReadFull(in, head); errors.Is(err, io.ErrUnexpectedEOF) {
		return r, 0, errTorn
	} else if err != nil {
		return r, 0, err
	}
	size := binary.BigEndian.Uint32(head)
	if size != ^binary.BigEndian.Uint32(head[4:]) || size > maxRecord {
		return r, 0, errDamaged
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r, 0, errTorn
	} else if err != nil {
		return r, 0, err
	}
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(head[8:]) {
		return r, 0, errDamaged
	}
	r, err = decodeRecord(body)
	return r, len(head) + len(body), err
}

func decodeRecord(body []byte) (r record, err error) {
	if len(body) < 4+32 {
		return r, errDamaged
	}
	r.time, r.root = binary.BigEndian.Uint32(body), bytes.Clone(body[4:36])
	if len(body) > 36 {
		r.message, err = cell.FromBOC(body[36:])
	}
	return r, err
}

func (r record) encode() []byte {
	body := append(binary.BigEndian.AppendUint32(nil, r.time), r.root...)
	if r.message != nil {
		body = append(body, r.message.ToBOC()...)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	head = binary.BigEndian.AppendUint32(head, ^uint32(len(body)))
	return append(binary.BigEndian.AppendUint32(head, crc32.Checksum(body, castagnoli)), body...)
}

// append writes a record, and returns once it is on disk. After an error, nobody knows what is: nothing follows it.
func (j *journal) append(r record) error {
	if j.broken != nil {
		return fmt.Errorf("log is broken: %w", j.broken)
	}
	raw := r.encode()
	if len(raw)-recordHead > maxRecord {
		return fmt.Errorf("its first message has %d bytes, at most %d are kept", len(raw), maxRecord)
	}
	if _, err := j.file.Write(raw); err != nil {
		j.broken = err
		return err
	}
	if err := j.file.Sync(); err != nil {
		j.broken = err
		return err
	}
	j.size, j.records = j.size+int64(len(raw)), j.records+1
	return nil
}

func (j *journal) close() error {
	j.broken = os.ErrClosed
	return j.file.Close()
}
