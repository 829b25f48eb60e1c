package main

import (
	"fmt"
	"io"
)

// demoReport is what `mpcctl demo --json` prints. Its names are stable. Keys, hashes and signatures are hex, amounts
// decimal strings in TON, boc is the complete external message in base64.
type demoReport struct {
	Parties   []string      `json:"parties"`
	Threshold int           `json:"threshold"`
	Keygen    demoKeygen    `json:"keygen"`
	Wallet    demoWallet    `json:"wallet"`
	Signed    demoSigned    `json:"signed"`
	Refused   []demoRefused `json:"refused"`
	Seconds   float64       `json:"seconds"` // all of it, compiling apart
}

type demoKeygen struct {
	KeyID     string  `json:"key_id"`
	PublicKey string  `json:"public_key"`
	Epoch     uint32  `json:"epoch"`
	Seconds   float64 `json:"seconds"` // from the proposal until the key was ready at every party
}

type demoWallet struct {
	Address string `json:"address"`
	Raw     string `json:"raw"`
	Version string `json:"version"`
}

type demoSigned struct {
	RequestID          string   `json:"request_id"`
	Signers            []string `json:"signers"`
	Destination        string   `json:"destination"`
	Amount             string   `json:"amount"`
	SigningHash        string   `json:"signing_hash"`
	Signature          string   `json:"signature"`
	BoC                string   `json:"boc"`
	Verified           bool     `json:"verified"`  // with crypto/ed25519, in this process
	Confirmed          bool     `json:"confirmed"` // executed, by the node's own view of the chain
	DestinationBalance string   `json:"destination_balance"`
}

type demoRefused struct {
	RequestID  string `json:"request_id"`
	Layer      string `json:"layer"`
	ReasonCode string `json:"reason_code"`
	Reason     string `json:"reason"`
}

func (r demoReport) text(w io.Writer) {
	line(w, "network", fmt.Sprintf("%d of %d must sign: %s", r.Threshold, len(r.Parties), list(r.Parties)))
	line(w, "key", fmt.Sprintf("%s, generated in %.1f s", r.Keygen.PublicKey, r.Keygen.Seconds))
	line(w, "wallet", r.Wallet.Address)
	line(w, "signed", fmt.Sprintf("%s TON to %s, by %s", r.Signed.Amount, r.Signed.Destination, list(r.Signed.Signers)))
	line(w, "signature", r.Signed.Signature)
	line(w, "executed", fmt.Sprintf("the destination has %s TON", r.Signed.DestinationBalance))
	for _, x := range r.Refused {
		line(w, "refused", fmt.Sprintf("%s: %s: %s", x.Layer, x.ReasonCode, x.Reason))
	}
	line(w, "took", fmt.Sprintf("%.1f s", r.Seconds))
}
