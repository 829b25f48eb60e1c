package strictyaml

import (
	"strings"
	"testing"
	"time"
)

// The parser would take hours for some of these.
func TestDeepTextIsRefusedAtOnce(t *testing.T) {
	const n = 100_000
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", n), "braces": strings.Repeat("{a: ", n), "dashes": strings.Repeat("- ", n), "keys": strings.Repeat("? ", n),
		"closed": strings.Repeat("[", n) + strings.Repeat("]", n), "lines of brackets": strings.Repeat("[\n", n), "stairs": stairs(300),
	} {
		begin := time.Now()
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "nested deeper than 64") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
	if _, err := Parse([]byte("a: [" + strings.Repeat("{b: [1, 2]}, ", 1000) + "]\n")); err != nil {
		t.Errorf("a long line: %v", err)
	}
}

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
