package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// ui is the only place that prints: results on out, everything else on err.
type ui struct {
	out, err io.Writer
	json     bool
}

// result prints what was asked for: v as JSON, or the text that it writes in columns, which tabs separate.
func (u *ui) result(v any, text func(io.Writer)) error {
	if u.json {
		e := json.NewEncoder(u.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(u.out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// say tells how the work goes.
func (u *ui) say(format string, args ...any) {
	for l := range strings.Lines(fmt.Sprintf(format, args...)) {
		fmt.Fprintln(u.err, "mpcctl: "+printable(strings.TrimRight(l, "\r\n")))
	}
}

// end reports how the tool ended and returns its exit code.
func (u *ui) end(err error) int {
	if err == nil {
		return exitDone
	}
	u.say("%v", err)
	if hint := hintOf(err); hint != "" {
		u.say("hint: %s", hint)
	}
	return exitOf(err)
}

// line writes one row of columns. What comes from a node is quoted if it could move the cursor.
func line(w io.Writer, columns ...any) {
	for i, c := range columns {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, printable(fmt.Sprint(c)))
	}
	fmt.Fprintln(w)
}

// lines writes a text of several lines.
func lines(w io.Writer, text string) {
	for l := range strings.Lines(text) {
		line(w, strings.TrimRight(l, "\r\n"))
	}
}
