package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// The policies that people begin with decide what their test files say.
func TestExamplePoliciesDecideWhatTheirTestsSay(t *testing.T) {
	files, err := filepath.Glob("../../configs/policy.*.test.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d test files: %v", len(files), err)
	}
	for _, file := range files {
		tests, err := ParseTests(mustRead(t, file))
		if err != nil {
			t.Fatal(strictyaml.In(file, err))
		}
		example := strings.Replace(file, ".test.", ".example.", 1)
		b, err := Parse(mustRead(t, example))
		if err != nil {
			t.Fatal(strictyaml.In(example, err))
		}
		for _, r := range b.Run(tests) {
			if !r.Passed {
				t.Errorf("%s: %s: %+v, want %+v", filepath.Base(file), r.Name, r.Got, r.Want)
			}
		}
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
