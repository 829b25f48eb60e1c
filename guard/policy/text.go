package policy

import (
	"strings"
	"time"
)

// Text writes the values as [ParseGiven] reads them and people type them: name=value in the order of the registry, with
// commas between, of which no value has one. Fields without a value are left out. It is less than 2 KiB.
//
// A bundle says the same of what is read back as of the values, if these have an asset and no duration above ten years.
func (v Values) Text() string {
	f, b := v.facts(), new(strings.Builder)
	b.Grow(768) // a payment's, so that most take one piece of memory
	for i := range registry {
		if f.of[i] == nil {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(registry[i].name)
		b.WriteByte('=')
		f.write(b, i)
	}
	return b.String()
}

func (f *facts) write(b *strings.Builder, field int) {
	of := registry[field].of
	if of == typeAmount && f.unit == inUnits {
		of = typeUnits
	}
	for n, v := range f.of[field] {
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(of.write(v))
	}
}

// Texts takes apart what [Values.Text] has put together.
func Texts(text string) map[string]string {
	all := map[string]string{}
	for _, pair := range strings.Split(text, ",") {
		if name, value, found := strings.Cut(pair, "="); found {
			all[name] = value
		}
	}
	return all
}

func writeText(v value) string { return v.text }

func writeNano(decimals int) func(value) string {
	return func(v value) string { return v.n.Format(decimals) }
}

func writeFlag(v value) string {
	if v.n.IsZero() {
		return "false"
	}
	return "true"
}

func writeDuration(v value) string { return time.Duration(v.n.Big().Int64()).String() }

func writeRank(words []string) func(value) string {
	return func(v value) string { return words[v.n.Big().Int64()] }
}
