package blacklist

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tonaiagent/mpcnode/ton"
)

// MaxReason bounds the reason of a row, in bytes: what a person takes in at a glance.
const MaxReason = 200

// Severity says how bad an address is. The zero value is none, and refused.
type Severity string

const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// severities rise.
var severities = []Severity{Low, Medium, High, Critical}

// Above reports whether s is graver than t.
func (s Severity) Above(t Severity) bool {
	return slices.Index(severities, s) > slices.Index(severities, t)
}

// Denies reports whether nothing may go to an address of this severity. One that isn't known denies.
func (s Severity) Denies() bool { return s != Low && s != Medium }

// Row is what a list says of one address.
type Row struct {
	Address  ton.Address
	Severity Severity
	Reason   string // for people; at most MaxReason bytes of one line
}

// Check says what is wrong with a row.
func (r Row) Check() error {
	switch {
	case r.Address.IsZero():
		return fmt.Errorf("address is missing")
	case !slices.Contains(severities, r.Severity):
		return fmt.Errorf("severity %.20q is none of low, medium, high, critical", r.Severity)
	case len(r.Reason) > MaxReason:
		return fmt.Errorf("reason has %d bytes, at most %d are allowed", len(r.Reason), MaxReason)
	case !utf8.ValidString(r.Reason) || strings.ContainsFunc(r.Reason, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Errorf("reason has what can't be printed, or is not UTF-8")
	}
	return nil
}

// String returns the row as a line of a list, with its line feed.
func (r Row) String() string {
	return r.Address.String() + "\t" + string(r.Severity) + "\t" + r.Reason + "\n"
}

// ParseRow reads a line without its line feed.
func ParseRow(line string) (r Row, err error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return r, fmt.Errorf("%d fields, want address, severity and reason with a tab between", len(fields))
	}
	if err := r.Address.UnmarshalText([]byte(fields[0])); err != nil {
		return r, err
	}
	r.Severity, r.Reason = Severity(fields[1]), fields[2]
	if r.Check() == nil && r.Address.String() != fields[0] {
		return r, fmt.Errorf("address %.80q: want lower case", fields[0])
	}
	return r, r.Check()
}

// ParseRows reads whole lines, of which the first is row number first of its list, counted from 0. The error names the line of the
// list's file.
func ParseRows(text []byte, first uint64) (rows []Row, err error) {
	for line := range strings.Lines(string(text)) {
		at := HeaderLines + 1 + first + uint64(len(rows))
		whole, ended := strings.CutSuffix(line, "\n")
		if !ended {
			return nil, fmt.Errorf("line %d: is not ended by a line feed", at)
		}
		r, err := ParseRow(whole)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}
