package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThreatsNameTestsThatExist keeps docs/threats.md from naming a test that was renamed or removed.
func TestThreatsNameTestsThatExist(t *testing.T) {
	raw, err := os.ReadFile("../../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := declaredTests(t)
	named := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(string(raw), -1)
	for _, name := range named {
		if !exists[name] {
			t.Errorf("docs/threats.md names %s, which is not there", name)
		}
	}
	for _, m := range regexp.MustCompile(`\bstory (\w+)`).FindAllStringSubmatch(string(raw), -1) {
		if _, err := os.Stat(filepath.Join("../e2e/testdata/stories", m[1])); err != nil {
			t.Errorf("docs/threats.md names the story %s: %v", m[1], err)
		}
	}
	if len(named) == 0 {
		t.Error("no test is named: the pattern finds nothing")
	}
}

// declaredTests are the names of all tests of the module.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(source, -1) {
			all[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
