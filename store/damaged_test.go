package store

import (
	"strings"
	"testing"
)

// Which flipped bits make badger panic depends on how it has laid out a block, so the panics are made here.
func TestPanicOfTheDatabaseIsAnError(t *testing.T) {
	if _, err := read(nil, "k"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("read: %v", err)
	}
	if _, _, err := step(nil, func() { panic("slice bounds out of range") }); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("step: %v", err)
	}
}
