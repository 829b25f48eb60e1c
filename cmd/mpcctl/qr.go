package main

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"
)

// quiet is the white border that scanners need, in modules (ISO/IEC 18004, 4 X).
const quiet = 4

// drawQR draws text as a QR code in half blocks, light on a dark terminal: two modules a character, one above the other.
func drawQR(w io.Writer, text string) error {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return fmt.Errorf("draw QR code of %d characters: %w", len(text), err)
	}
	light := func(x, y int) bool { return !code.Black(x, y) } // what lies outside is light
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var row strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			row.WriteString(half(light(x, y), y+1 < code.Size+quiet && light(x, y+1)))
		}
		fmt.Fprintln(w, row.String())
	}
	return nil
}

// half is the character whose upper and lower half are lit so.
func half(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
