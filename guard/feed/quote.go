// Package feed is what a price feed signs: the price of one asset in US dollars at one time. Who enrols its key, and how many feeds must
// agree, is for others to say.
package feed

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"

	"github.com/go-json-experiment/json"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	// Decimals is how fine a price is at most: some jettons' whole unit is worth a billionth of a cent.
	Decimals = 18

	// MaxQuote bounds a quote as JSON, in bytes; ours are below 400.
	MaxQuote = 1024
)

// Quote is a feed's price of one asset.
type Quote struct {
	Feed      string // id in the party's policy
	Asset     string // asset id
	Price     string // US dollars for a whole unit: a decimal number above 0 without needless digits
	Sequence  uint64 // rises with every quote of the feed for the asset
	At        int64  // Unix seconds: when the market was looked at
	Signature []byte // ed25519 over Digest
}

// Digest returns what the feed signs. No network is in it: one quote is for all.
func (q Quote) Digest() [32]byte {
	return digest.Sum(digest.Quote, q.Feed, q.Asset, q.Price, q.Sequence, q.At)
}

// Sign returns the quote with its signature.
func (q Quote) Sign(key ed25519.PrivateKey) Quote {
	d := q.Digest()
	q.Signature = ed25519.Sign(key, d[:])
	return q
}

// Verify says what is wrong with a quote that is to be of the feed with that key.
func (q Quote) Verify(key [32]byte) error {
	if err := q.Check(); err != nil {
		return err
	}
	d := q.Digest()
	if len(q.Signature) != ed25519.SignatureSize || !ed25519.Verify(key[:], d[:], q.Signature) {
		return fmt.Errorf("the signature does not fit: it is not by the key that the policy lists for %s, or the quote was changed", q.Feed)
	}
	return nil
}

// Check says what is wrong with the quote itself.
func (q Quote) Check() error {
	_, jetton := ton.JettonMaster(q.Asset)
	switch {
	case !feedID.MatchString(q.Feed):
		return fmt.Errorf("feed %.70q is no id (a-z, 0-9 and -, at most 64)", q.Feed)
	case q.Asset != ton.Native && !jetton:
		return fmt.Errorf("asset %.80q is neither native nor jetton:<raw address of its master>", q.Asset)
	case q.Sequence == 0:
		return errors.New("sequence is 0; the first is 1")
	case q.At <= 0:
		return errors.New("at is missing: want Unix seconds")
	}
	_, err := q.Value()
	return err
}

// Value returns the price in units of 10^-18 US dollars.
func (q Quote) Value() (ton.Nano, error) {
	v, err := ton.ParseNano(q.Price, Decimals)
	switch {
	case err != nil:
		return v, fmt.Errorf("price: %w", err)
	case v.IsZero():
		return v, errors.New("price is 0, which says that there is none")
	case v.Format(Decimals) != q.Price:
		return v, fmt.Errorf("price %.40q: write it as %s", q.Price, v.Format(Decimals))
	}
	return v, nil
}

var feedID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// fields are a quote as JSON.
type fields struct {
	Feed      string `json:"feed"`
	Asset     string `json:"asset"`
	Price     string `json:"price"`
	Sequence  uint64 `json:"sequence"`
	At        int64  `json:"at"`
	Signature string `json:"signature"` // base64
}

// Parse reads a quote as JSON, strictly. Whether the signature fits, Verify tells.
func Parse(raw []byte) (q Quote, err error) {
	if len(raw) > MaxQuote {
		return q, fmt.Errorf("quote: more than %d bytes", MaxQuote)
	}
	var f fields
	if err := json.Unmarshal(raw, &f, json.RejectUnknownMembers(true)); err != nil {
		return q, fmt.Errorf("quote: %w", err)
	}
	q = Quote{Feed: f.Feed, Asset: f.Asset, Price: f.Price, Sequence: f.Sequence, At: f.At}
	if q.Signature, err = base64.StdEncoding.Strict().DecodeString(f.Signature); err != nil {
		return q, errors.New("quote: signature is not base64")
	}
	return q, q.Check()
}

// JSON returns what Parse reads, in one line without its end.
func (q Quote) JSON() ([]byte, error) {
	return json.Marshal(fields{q.Feed, q.Asset, q.Price, q.Sequence, q.At, base64.StdEncoding.EncodeToString(q.Signature)})
}
