package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha512"
	"errors"
	"fmt"
	"strings"
)

const (
	mnemonicWords  = 24
	mnemonicRounds = 100_000
	maxMnemonic    = 512 // bytes: 24 words of at most 8 letters
)

// readMnemonic reads the 24 words of a TON wallet, without a password, from a file that nobody else can read.
func readMnemonic(path string) (ed25519.PrivateKey, error) {
	raw, err := readPrivate(path, maxMnemonic)
	if err != nil {
		return nil, fmt.Errorf("read mnemonic: %w", err)
	}
	defer clear(raw)
	key, err := mnemonicKey(strings.Fields(strings.ToLower(string(raw))))
	if err != nil {
		return nil, fmt.Errorf("read mnemonic: %s: %w", path, err) // without the words
	}
	return key, nil
}

// mnemonicKey derives a wallet's key as TON wallets do (@ton/crypto, mnemonicToPrivateKey). These are no BIP-39 words: the
// same list means another key there, so words that don't carry TON's own check are refused.
func mnemonicKey(words []string) (ed25519.PrivateKey, error) {
	if len(words) != mnemonicWords {
		return nil, fmt.Errorf("%d words, want %d", len(words), mnemonicWords)
	}
	mac := hmac.New(sha512.New, []byte(strings.Join(words, " ")))
	entropy := string(mac.Sum(nil))
	check, err := pbkdf2.Key(sha512.New, entropy, []byte("TON seed version"), mnemonicRounds/256, 64)
	if err != nil {
		return nil, err
	}
	if check[0] != 0 {
		return nil, errors.New("no mnemonic of a TON wallet without a password: a word is wrong, or it is another wallet's")
	}
	seed, err := pbkdf2.Key(sha512.New, entropy, []byte("TON default seed"), mnemonicRounds, 64)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	return ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize]), nil
}
