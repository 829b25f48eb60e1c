package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
)

// word reads itself as a node, number as text: the two ways there are.
type word string

func (w *word) UnmarshalYAML(n ast.Node) error {
	if *w = word(n.GetToken().Value); *w == "bad" {
		return errors.New("is bad")
	}
	return nil
}

type number struct{ n int }

func (x *number) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "#%d", &x.n)
	return err
}

type part struct {
	Word   word     `yaml:"word"`
	Number number   `yaml:"number,omitempty"`
	Lists  [][]bool `yaml:"lists"`
}

type whole struct {
	Name  string           `yaml:"name"`
	Count int8             `yaml:"count"`
	Parts map[string]*part `yaml:"parts"`
	Or    *part            `yaml:"or"`
	Own   string           `yaml:"-"`
}

func TestWholeDocumentIsRead(t *testing.T) {
	d, err := Parse([]byte("name: n\ncount: -3\nor: {word: w}\nparts:\n  one:\n    number: \"#7\"\n    lists: [[true], []]\n  none:\n"))
	if err != nil {
		t.Fatal(err)
	}
	var v whole
	if err := d.Decode(&v).Err(); err != nil {
		t.Fatal(err)
	}
	one := v.Parts["one"]
	if v.Name != "n" || v.Count != -3 || v.Or.Word != "w" || one.Number.n != 7 || !one.Lists[0][0] || len(one.Lists) != 2 || v.Parts["none"] != nil {
		t.Errorf("read %+v, one %+v", v, one)
	}
}

func TestEveryMistakeHasItsPlace(t *testing.T) {
	for document, want := range map[string]string{
		"":                        "want exactly one YAML document",
		"- 1":                     "1:1: want fields, such as name: value",
		"name: a\n---\nname: b":   "want exactly one YAML document",
		"name: &a x":              "1:7: anchors, aliases, tags and merge keys are not allowed",
		"name: !!str x":           "1:7: anchors, aliases, tags and merge keys are not allowed",
		"or:\n  <<: {word: w}":    "2:3: anchors, aliases, tags and merge keys are not allowed",
		"name: a\nname: b":        `2:1: mapping key "name" already defined at [1:1]`,
		"Name: a\nOwn: b\n-: c":   "1:1: Name: unknown field\n2:1: Own: unknown field\n3:1: -: unknown field",
		"count: 128\nname: [a]":   "1:8: count: want a whole number of at most 8 bits\n2:7: name: want text",
		"parts: 1\nor: [x]":       "1:8: parts: want fields, such as name: value\n2:5: or: want fields, such as name: value",
		"or:\n  lists: {}":        "2:10: or.lists: want a list",
		"or:\n  lists: [[1, no]]": "2:12: or.lists[0][0]: want true or false\n2:15: or.lists[0][1]: want true or false",
		"or: {word: bad}\nparts: {a: {word: bad, number: x}}": "1:12: or.word: is bad\n2:19: parts.a.word: is bad\n2:32: parts.a.number: ",
	} {
		d, err := Parse([]byte(document))
		var v whole
		if err == nil {
			err = d.Decode(&v).Err()
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "\n") != strings.Count(want, "\n") {
			t.Errorf("%q: got\n%v\nwant\n%s", document, err, want)
		}
	}
}

func TestMistakesAreNamedByTheirFile(t *testing.T) {
	m := Mistakes{{Line: 2, Column: 3, Path: "a", Problem: "p"}, {Problem: "q"}}
	if got := In("f.yaml", fmt.Errorf("read: %w", m)).Error(); got != "f.yaml:2:3: a: p\nf.yaml: q" {
		t.Errorf("got %q", got)
	}
	if got := In("f.yaml", errors.New("no mistake")).Error(); got != "f.yaml: no mistake" {
		t.Errorf("got %q", got)
	}
	if m[0].File != "" {
		t.Error("the mistakes themselves were changed")
	}
}

func TestMistakeOfMeaningIsPutAtTheNearestPart(t *testing.T) {
	d, err := Parse([]byte("name: n\nor:\n  lists: [[true]]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"or.lists[0]": "3:11", "or.lists[7]": "3:10", "or.word": "3:3", "parts.a": "1:1", "": "1:1",
	} {
		if m := d.At(path, "p"); fmt.Sprintf("%d:%d", m.Line, m.Column) != want {
			t.Errorf("%q is at %d:%d, want %s", path, m.Line, m.Column, want)
		}
	}
}

func TestUnreadPartsHideWhatTheyWouldMean(t *testing.T) {
	m := Mistakes{{Path: "a.b[1].c"}, {Path: ""}}
	for path, want := range map[string]bool{"a": true, "a.b": true, "a.b[1].c.d": true, "a.b[1].cc": false, "a.x": false, "ab": false, "": false} {
		if m.Hide(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

func TestMistakesAreBounded(t *testing.T) {
	d, err := Parse([]byte("or:\n  lists: [[" + strings.Repeat("x,", 5000) + "]]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var v whole
	var m Mistakes
	if err := d.Decode(&v).Err(); !errors.As(err, &m) || len(m) != maxMistakes+1 || m[maxMistakes].Problem != "and 4950 more" {
		t.Errorf("%d mistakes, last %+v", len(m), m[len(m)-1])
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: n\ncount: -3\nor: {word: w}\nparts:\n  one:\n    number: \"#7\"\n    lists: [[true], []]\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("or: |\n  text\n1: 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		var m Mistakes
		if err != nil {
			if !errors.As(err, &m) || len(m) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		var v whole
		for _, one := range d.Decode(&v) {
			if one.Line < 1 || one.Column < 1 || one.Problem == "" {
				t.Fatalf("a mistake without its place: %+v", one)
			}
		}
	})
}
