package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"strings"
	"testing"
)

// madeByTON was made by npm @ton/crypto 3.3.0: mnemonicNew(24), mnemonicToPrivateKey.
const (
	madeByTON   = "cinnamon angle capable benefit joy candy angry cube rally stadium true person shove upon put maze slogan appear burden equal call tag attract glad"
	publicByTON = "3e7e3afbf57f0252598e604d1e139af26453e9da19242074e4c098c25c8e59f0"
)

func TestMnemonicGivesTheKeyThatWalletsDerive(t *testing.T) {
	key, err := mnemonicKey(strings.Fields(madeByTON))
	if err != nil {
		t.Fatal(err)
	}
	if pub := hex.EncodeToString(key.Public().(ed25519.PublicKey)); pub != publicByTON {
		t.Errorf("public key %s, want %s", pub, publicByTON)
	}
}

func TestMnemonicWithAMistakeIsRefused(t *testing.T) {
	for name, words := range map[string]string{
		"a word less":           strings.TrimSuffix(madeByTON, " glad"),
		"two words exchanged":   strings.Replace(madeByTON, "cinnamon angle", "angle cinnamon", 1),
		"another word":          strings.Replace(madeByTON, "glad", "glass", 1),
		"the words of a BIP-39": strings.TrimSpace(strings.Repeat("abandon ", 23)) + " art",
	} {
		if _, err := mnemonicKey(strings.Fields(words)); err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "cinnamon") {
			t.Errorf("%s: the error quotes the words", name)
		}
	}
}
