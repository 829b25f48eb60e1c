package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

// keyOf is a public key of one digit.
func keyOf(digit string) string { return strings.Repeat(digit, 64) }

const someAgent = "version: 1\nagents: {agent-1: {preset: balanced}}\n"

func TestListsAndFeedsAreRead(t *testing.T) {
	b, err := Parse([]byte(someAgent + `
lists:
  scam-watch: {publicKey: "` + keyOf("a") + `"}
feeds:
  second: {publicKey: "` + keyOf("c") + `", assets: [native]}
  first: {publicKey: "` + keyOf("b") + `", assets: [TON, "jetton:0:` + keyOf("1") + `"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := b.List("scam-watch"); !ok || key[0] != 0xaa {
		t.Errorf("the list's key is %x, %t", key, ok)
	}
	if _, ok := b.List("nobody"); ok {
		t.Error("a source that is not named has a key")
	}
	feeds := b.Feeds()
	if len(feeds) != 2 || feeds[0].ID != "first" || feeds[0].PublicKey[0] != 0xbb || feeds[0].Assets[0] != ton.Native || len(feeds[0].Assets) != 2 {
		t.Errorf("feeds are %+v", feeds)
	}
}

func TestBadListsAndFeedsAreRefused(t *testing.T) {
	feed := func(digit string) string { return `{publicKey: "` + keyOf(digit) + `", assets: [TON]}` }
	many := func(section, of string) string {
		var b strings.Builder
		for i := range maxLists + 1 {
			fmt.Fprintf(&b, "  s%d: %s\n", i, strings.ReplaceAll(of, "%", fmt.Sprintf("%064x", i+1)))
		}
		return section + ":\n" + b.String()
	}
	for want, bad := range map[string]string{
		"lists.Scam: want an id":                `lists: {Scam: {publicKey: "` + keyOf("a") + `"}}`,
		"lists.scam: want an id":                `lists: {scam: {}}`,
		"lists.scam.publicKey: want the 64 hex": `lists: {scam: {publicKey: "abc"}}`,
		"lists.scam.key: unknown field":         `lists: {scam: {key: "abc"}}`,
		"17 are listed, at most 16":             many("lists", `{publicKey: "%"}`),
		"feeds: 17 are listed, at most 16":      many("feeds", `{publicKey: "%", assets: [TON]}`),
		"feeds.Feed: want an id":                `feeds: {Feed: ` + feed("a") + `}`,
		"feeds.f: want an id":                   `feeds: {f: {publicKey: "` + keyOf("a") + `"}}`,
		"feeds.g: has the key of f":             `feeds: {f: ` + feed("a") + `, g: ` + feed("a") + `}`,
		"neither native (TON) nor jetton":       `feeds: {f: {publicKey: "` + keyOf("a") + `", assets: [USDT]}}`,
		"lists.scam.publicKey: want the 64":     `lists: {scam: {publicKey: "` + keyOf("a") + `00"}}`,
		"lists.zero: want an id":                `lists: {zero: {publicKey: "` + keyOf("0") + `"}}`,
		"feeds.zero: want an id":                `feeds: {zero: ` + feed("0") + `}`,
	} {
		if _, err := Parse([]byte(someAgent + bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v, want %s", bad, err, want)
		}
	}
}
