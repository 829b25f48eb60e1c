package devchain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// framed is a body as a log has it, with a true checksum.
func framed(size uint32, body []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, size)
	head = binary.BigEndian.AppendUint32(head, ^size)
	return append(binary.BigEndian.AppendUint32(head, crc32.Checksum(body, castagnoli)), body...)
}

func TestOnlyWholeRecordsAreRead(t *testing.T) {
	body := make([]byte, 36)
	whole := framed(36, body)
	lost := bytes.Clone(whole)
	lost[3]++ // a length that says there is more to come
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"whole":                        {whole, nil},
		"cut in its head":              {whole[:5], errTorn},
		"cut in its body":              {whole[:20], errTorn},
		"cut before its body":          {whole[:recordHead], errTorn},
		"the last one's length longer": {lost, errDamaged},
		"longer than any":              {framed(maxRecord+1, body), errDamaged},
		"shorter than any":             {framed(35, body[:35]), errDamaged},
	} {
		if _, _, err := readRecord(bytes.NewReader(c.raw)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// bushy is a tree of about n different cells.
func bushy(n int) *cell.Cell {
	var list []*cell.Cell
	for i := range n {
		list = append(list, cell.BeginCell().MustStoreUInt(uint64(i), 64).MustStoreSlice(make([]byte, 100), 800).EndCell())
	}
	return packed(list)
}

func TestRecordThatWouldNotBeReadAgainIsNotWritten(t *testing.T) {
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	j, err := createJournal(dir, "log")
	if err != nil {
		t.Fatal(err)
	}
	defer j.file.Close()
	if err := j.append(record{root: make([]byte, 32), message: bushy(maxRecord / 100)}); err == nil || j.records != 0 {
		t.Errorf("%d records, %v", j.records, err)
	}
	if err := j.append(record{root: make([]byte, 32), message: bushy(10)}); err != nil {
		t.Errorf("a small one after it: %v", err)
	}
}

// After a record of which nobody knows what is on disk, another would stand behind garbage.
func TestNothingFollowsARecordThatFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	j := &journal{file: readOnly}
	if err := j.append(record{root: make([]byte, 32)}); err == nil {
		t.Fatal("a file that can't be written took a record")
	}
	if j.file, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	defer j.file.Close()
	if err := j.append(record{root: make([]byte, 32)}); err == nil {
		t.Error("another record follows")
	}
}
