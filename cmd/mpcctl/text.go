package main

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// printable quotes text that holds anything but printable characters: nodes and agents choose it, terminals obey it.
func printable(s string) string {
	s = strings.ReplaceAll(s, "\t", "    ")
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// clock writes a time as everything here does; "-" for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// list writes names with commas; "-" for none.
func list(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ",")
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}
