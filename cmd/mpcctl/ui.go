package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// ui is the only place that prints: results on out, everything else on err. With json each line on err is an object too.
type ui struct {
	out, err io.Writer
	json     bool
}

// result prints what was asked for: v as JSON, or the text that it writes in columns, which tabs separate.
func (u *ui) result(v any, text func(io.Writer)) error {
	if u.json {
		e := encoder(u.out)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(u.out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// note is how --json says what is neither the result nor the error.
type note struct {
	Note string `json:"note"`
}

// say tells how the work goes.
func (u *ui) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if u.json {
		encoder(u.err).Encode(note{text})
		return
	}
	for l := range strings.Lines(text) {
		fmt.Fprintln(u.err, "mpcctl: "+printable(strings.TrimRight(l, "\r\n")))
	}
}

// fault is how --json reports an error: the last line on err.
type fault struct {
	Code   string `json:"code"`   // stable: the node's own, or one of codeOf
	Detail string `json:"detail"` // for people
	Hint   string `json:"hint,omitempty"`
	Exit   int    `json:"exit"`
}

// end reports how the tool ended and returns its exit code.
func (u *ui) end(err error) int {
	if err == nil {
		return exitDone
	}
	f := fault{codeOf(err), err.Error(), hintOf(err), exitOf(err)}
	if u.json {
		encoder(u.err).Encode(f)
		return f.Exit
	}
	u.say("%s", f.Detail)
	if f.Hint != "" {
		u.say("hint: %s", f.Hint)
	}
	return f.Exit
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
