package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// formatVersion is what VERSION says about everything in the directory. A newer one is refused, an older one will be
// migrated after a copy.
const formatVersion = 1

// folders are the store's own, in the order they are made.
var folders = []string{"ledger", "log", "vault"}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func validID(id string) bool { return idForm.MatchString(id) }

// openDir opens the data directory, made if it isn't there, and refuses one that others can reach.
func openDir(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := checkFolder(root, "."); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

func checkFolder(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return checkPrivate(f)
}

// isFresh reports whether the directory has nothing of the store's yet. It refuses what is neither fresh nor whole.
func isFresh(root *os.Root) (bool, error) {
	b, err := readFile(root, "VERSION", maxSmallFile)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nothingYet(root)
	}
	if err != nil {
		return false, fmt.Errorf("read VERSION: %w", err)
	}
	if err := checkVersion(string(b)); err != nil {
		return false, err
	}
	return false, allThere(root)
}

func checkVersion(text string) error {
	v, err := strconv.Atoi(strings.TrimSuffix(text, "\n"))
	switch {
	case err != nil || v < 1:
		return sealed("VERSION says %q", text)
	case v > formatVersion:
		return fmt.Errorf("VERSION is %d and this release knows up to %d: use the release that wrote it", v, formatVersion)
	}
	return nil
}

func nothingYet(root *os.Root) error {
	for _, name := range folders {
		_, err := root.Lstat(name)
		if err == nil {
			return sealed("%s exists and VERSION doesn't (empty the directory if this node has never completed a start)", name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func allThere(root *os.Root) error {
	for _, name := range folders {
		err := checkFolder(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			return sealed("VERSION exists and %s doesn't", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// create makes the empty directory. VERSION comes last: before it nothing has been recorded.
func create(root *os.Root, cfg Config) error {
	for _, name := range folders {
		if err := root.Mkdir(name, 0o700); err != nil {
			return err
		}
	}
	if err := createVault(root, cfg); err != nil {
		return err
	}
	if err := newAnchors(root, cfg.origin()).write(head{}); err != nil {
		return err
	}
	return writeFile(root, "VERSION", fmt.Appendf(nil, "%d\n", formatVersion))
}

// readAnchor returns the anchor of the directory, which must be this party's.
func readAnchor(root *os.Root, origin string) (anchor, error) {
	b, err := readFile(root, anchorName, maxSmallFile)
	if errors.Is(err, fs.ErrNotExist) {
		return anchor{}, sealed("VERSION exists and %s doesn't", anchorName)
	}
	if err != nil {
		return anchor{}, fmt.Errorf("read anchor: %w", err)
	}
	a, err := parseAnchor(b)
	if err != nil {
		return anchor{}, sealed("%v", err)
	}
	if a.origin != origin {
		return anchor{}, sealed("the directory is of %s, not of %s: the party or the network: block of the configuration was changed, which makes another network; put it back", a.origin, origin)
	}
	return a, nil
}
