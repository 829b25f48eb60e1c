package main

import (
	"bytes"
	"strings"
	"testing"

	"rsc.io/qr"
)

// A code is read back from the characters, module by module, border included.
func TestQRIsDrawnModuleByModule(t *testing.T) {
	text := strings.Repeat("te6cckEBBAEAZQAB", 12)
	var out bytes.Buffer
	if err := drawQR(&out, text); err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if want := (code.Size + 2*quiet + 1) / 2; len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	for i, row := range rows {
		for j, c := range []rune(row) {
			x, y := j-quiet, 2*i-quiet
			if upper := c == '█' || c == '▀'; upper == code.Black(x, y) {
				t.Fatalf("module %d, %d is drawn wrongly", x, y)
			}
			if lower := c == '█' || c == '▄'; y+1 < code.Size+quiet && lower == code.Black(x, y+1) {
				t.Fatalf("module %d, %d is drawn wrongly", x, y+1)
			}
		}
	}
	if err := drawQR(&out, strings.Repeat("x", 4000)); err == nil {
		t.Error("a text that no code holds was drawn")
	}
}
