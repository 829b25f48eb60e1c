package ton

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Address is a standard account address (addr_std without anycast, block.tlb). Addresses are compared with == as
// (workchain, hash); how one was written never matters.
type Address struct {
	Workchain int8
	Hash      [32]byte
}

// Form is how an address was written, which says whether a plain transfer to it should bounce (TEP-2).
type Form uint8

const (
	FormUnknown       Form = iota
	FormRaw                // 0:<hex>: says nothing about bouncing
	FormBounceable         // EQ…, or kQ… on a test network
	FormNonBounceable      // UQ…, or 0Q… on a test network
)

// ErrAddress is wrapped by every error about an address.
var ErrAddress = errors.New("address")

// The tag byte of a friendly address (TEP-2).
const (
	tagBounceable    = 0x11
	tagNonBounceable = 0x51
	flagTestOnly     = 0x80
)

// ParseAddress reads a raw (0:<64 hex>) or friendly (48 characters of base64 or base64url) address. The workchain is 0
// or −1. With testnet false a friendly address that is flagged test-only is an error; with testnet true both are read,
// as wallets do. Anything else is an error: wrong CRC, mixed alphabets, other bytes than ASCII, spaces.
func ParseAddress(s string, testnet bool) (Address, Form, error) {
	if strings.Contains(s, ":") {
		a, err := parseRaw(s)
		return a, FormRaw, err
	}
	return parseFriendly(s, testnet)
}

func parseRaw(s string) (Address, error) {
	wc, hash, _ := strings.Cut(s, ":")
	if wc != "0" && wc != "-1" {
		return Address{}, fmt.Errorf("%w %q: workchain is neither 0 nor -1", ErrAddress, clip(s))
	}
	if len(hash) != 64 {
		return Address{}, fmt.Errorf("%w %q: want 64 hex digits after the colon", ErrAddress, clip(s))
	}
	var a Address
	if _, err := hex.Decode(a.Hash[:], []byte(hash)); err != nil {
		return Address{}, fmt.Errorf("%w %q: not hex", ErrAddress, clip(s))
	}
	if wc == "-1" {
		a.Workchain = -1
	}
	return a, nil
}

func parseFriendly(s string, testnet bool) (Address, Form, error) {
	if len(s) != 48 {
		return Address{}, 0, fmt.Errorf("%w %q: want 48 characters, or 0:<64 hex>", ErrAddress, clip(s))
	}
	alphabet := base64.URLEncoding
	if strings.ContainsAny(s, "+/") {
		alphabet = base64.StdEncoding // TEP-2 allows both, never mixed
	}
	raw, err := alphabet.Strict().DecodeString(s)
	if err != nil || len(raw) != 36 { // the decoder skips line breaks
		return Address{}, 0, fmt.Errorf("%w %q: not base64", ErrAddress, clip(s))
	}
	if crc16(raw[:34]) != binary.BigEndian.Uint16(raw[34:]) {
		return Address{}, 0, fmt.Errorf("%w %q: checksum does not match, a character is wrong", ErrAddress, clip(s))
	}
	form := FormUnknown
	switch raw[0] &^ flagTestOnly {
	case tagBounceable:
		form = FormBounceable
	case tagNonBounceable:
		form = FormNonBounceable
	default:
		return Address{}, 0, fmt.Errorf("%w %q: unknown tag 0x%02x", ErrAddress, clip(s), raw[0])
	}
	if raw[0]&flagTestOnly != 0 && !testnet {
		return Address{}, 0, fmt.Errorf("%w %q: is for a test network", ErrAddress, clip(s))
	}
	a := Address{Workchain: int8(raw[1]), Hash: [32]byte(raw[2:34])}
	if a.Workchain != 0 && a.Workchain != -1 {
		return Address{}, 0, fmt.Errorf("%w %q: workchain is neither 0 nor -1", ErrAddress, clip(s))
	}
	return a, form, nil
}

// String returns the raw form, 0:<hex>, which is the same on every network.
func (a Address) String() string {
	return strconv.Itoa(int(a.Workchain)) + ":" + hex.EncodeToString(a.Hash[:])
}

// Friendly returns the 48-character form in the URL alphabet (TEP-2).
func (a Address) Friendly(bounceable, testnet bool) string {
	tag := byte(tagNonBounceable)
	if bounceable {
		tag = tagBounceable
	}
	if testnet {
		tag |= flagTestOnly
	}
	raw := append([]byte{tag, byte(a.Workchain)}, a.Hash[:]...)
	return base64.URLEncoding.EncodeToString(binary.BigEndian.AppendUint16(raw, crc16(raw)))
}

// IsZero reports whether a is the zero value, which stands for no address.
func (a Address) IsZero() bool { return a == Address{} }

// MarshalText writes the raw form.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the raw form only: machines write it, and it means the same on every network.
func (a *Address) UnmarshalText(b []byte) (err error) {
	*a, err = parseRaw(string(b))
	return err
}

// MarshalBinary writes the workchain byte and the hash, as CBOR carries it.
func (a Address) MarshalBinary() ([]byte, error) {
	return append([]byte{byte(a.Workchain)}, a.Hash[:]...), nil
}

// UnmarshalBinary reads 33 bytes.
func (a *Address) UnmarshalBinary(b []byte) error {
	if len(b) != 33 {
		return fmt.Errorf("%w: %d bytes, want 33", ErrAddress, len(b))
	}
	*a = Address{Workchain: int8(b[0]), Hash: [32]byte(b[1:])}
	return nil
}

// crc16 is CRC-16/XMODEM (polynomial 0x1021, initial value 0), as TEP-2 asks.
func crc16(b []byte) (crc uint16) {
	for _, x := range b {
		crc ^= uint16(x) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// clip keeps text from outside short in an error.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
