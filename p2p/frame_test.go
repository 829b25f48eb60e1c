package p2p

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"testing"
)

var testKinds = kinds{1: {Request: 64, Reply: 32}, 2: {Request: 1 << 17}}

func wire(t testing.TB, f frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	if err := errors.Join(writeFrame(w, &f), w.Flush()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read parses with a small buffer, so that bodies don't fit into it.
func read(b []byte) (frame, *bufio.Reader, error) {
	r := bufio.NewReaderSize(bytes.NewReader(b), 64)
	f, err := readFrame(r, testKinds)
	return f, r, err
}

func samples() []frame {
	id := [32]byte{1, 2, 3}
	return []frame{
		{form: formHello, body: []byte("hello")},
		{form: formRefuse, body: []byte("why")},
		{form: formBeat, id: 1 << 60, body: make([]byte, heartbeatCap)},
		{form: formEcho, id: 7, body: []byte{}},
		{form: formRequest, kind: 1, id: 8, left: 1<<32 - 1, body: make([]byte, 64)},
		{form: formReply, kind: 1, id: 8, body: make([]byte, 32)},
		{form: formFailure, kind: 1, id: 9, body: make([]byte, reasonCap)},
		{form: formBusy, kind: 1, id: 10, body: []byte{}},
		{form: formSession, kind: 2, session: id, body: bytes.Repeat([]byte{5}, 1<<17)},
	}
}

func TestFramesReadAsWritten(t *testing.T) {
	for _, f := range samples() {
		got, r, err := read(append(wire(t, f), 0xff))
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("form %d: %+v, %v", f.form, got, err)
			continue
		}
		if next, err := r.ReadByte(); err != nil || next != 0xff {
			t.Errorf("form %d: left the reader at %x, %v", f.form, next, err)
		}
	}
}

func TestLayoutIsFixed(t *testing.T) {
	got := wire(t, frame{form: formRequest, kind: 1, id: 0x0102030405060708, left: 0x0a0b0c0d, body: []byte("ab")})
	want := []byte{1, byte(formRequest), 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 0x0b, 0x0c, 0x0d, 'a', 'b'}
	if !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

func TestFrameOverItsCapIsRefusedUnread(t *testing.T) {
	for _, f := range samples() {
		limit, err := testKinds.bound(f.form, f.kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []uint32{uint32(limit) + 1, 1 << 31, 1<<32 - 1} {
			b := wire(t, frame{form: f.form, kind: f.kind})
			binary.BigEndian.PutUint32(b[2:], size)
			allocated := testing.AllocsPerRun(1, func() {
				if _, _, err := read(b); !errors.Is(err, errProtocol) {
					t.Errorf("form %d, %d bytes: %v", f.form, size, err)
				}
			})
			if allocated > 16 {
				t.Errorf("form %d, %d bytes: %v allocations", f.form, size, allocated)
			}
		}
	}
}

func TestUnknownFormsAndKindsAreRefused(t *testing.T) {
	for name, head := range map[string][]byte{
		"zero":            make([]byte, 64),
		"form beyond":     {1, byte(forms), 0, 0, 0, 0},
		"form 255":        {1, 255, 0, 0, 0, 0},
		"request kind 0":  {0, byte(formRequest), 0, 0, 0, 0},
		"request kind 9":  {9, byte(formRequest), 0, 0, 0, 0},
		"reply kind 9":    {9, byte(formReply), 0, 0, 0, 0},
		"session kind 99": {99, byte(formSession), 0, 0, 0, 0},
	} {
		if f, _, err := read(head); !errors.Is(err, errProtocol) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func TestTruncatedFramesAreErrors(t *testing.T) {
	for _, f := range samples() {
		whole := wire(t, f)
		for _, n := range []int{0, 1, headerSize, headerSize + idSizes[f.form] - 1, len(whole) - 1} {
			if n >= 0 && n < len(whole) {
				if _, _, err := read(whole[:n]); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("form %d cut at %d: %v", f.form, n, err)
				}
			}
		}
	}
}

// FuzzFrame: whatever a peer sends, the reader holds no more than a cap, and what it takes for a frame is one.
func FuzzFrame(f *testing.F) {
	for _, s := range samples() {
		f.Add(wire(f, s))
	}
	f.Add([]byte{2, byte(formSession), 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, r, err := read(b)
		if err != nil {
			return
		}
		if limit, err := testKinds.bound(got.form, got.kind); err != nil || len(got.body) > limit {
			t.Fatalf("form %d, kind %d: %d bytes passed; cap %d, %v", got.form, got.kind, len(got.body), limit, err)
		}
		rest, _ := io.ReadAll(r)
		if again := wire(t, got); !bytes.Equal(append(again, rest...), b) {
			t.Fatalf("%x\nreads as %+v, which is\n%x", b, got, again)
		}
	})
}
