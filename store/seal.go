package store

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// fileKey seals one file. It is random, and used again only for the page, under another random nonce of 24 bytes.
type fileKey [chacha20poly1305.KeySize]byte

func newFileKey() (k fileKey) {
	rand.Read(k[:])
	return k
}

// seal returns nonce and XChaCha20-Poly1305 ciphertext (draft-irtf-cfrg-xchacha-03).
func (k *fileKey) seal(plain []byte, ad [32]byte) []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	rand.Read(nonce)
	return k.aead().Seal(nonce, nonce, plain, ad[:])
}

func (k *fileKey) open(sealed []byte, ad [32]byte) ([]byte, error) {
	if len(sealed) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil, errors.New("too short")
	}
	nonce, text := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	return k.aead().Open(nil, nonce, text, ad[:])
}

func (k *fileKey) aead() cipher.AEAD {
	a, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic(fmt.Sprintf("store: %v", err)) // only for another key size
	}
	return a
}
