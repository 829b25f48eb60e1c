package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// Explanation is why a payload that this node took no part in may execute: the node has verified the agent's signature
// over the request, decoded the payload, and verified the statements of those who signed it.
type Explanation struct {
	Intent  Intent // bound by For
	Tx      ton.Transaction
	Signers []string
}

// Explain makes the payload known. If it was unexplained, the wallet is no longer refused for it and its request is
// used up; one that has not been executed yet uses its request up when it is.
func (g *Guard) Explain(tx Tx, now time.Time, e Explanation) error {
	w, known, err := wallet(tx, e.Intent.Wallet)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	if !known || e.Tx.Wallet != w.Address || e.Intent.RequestID == "" {
		return errors.New("explain: no verified request for a wallet known here, or another wallet's payload")
	}
	if err := g.checkQuorum(e.Signers); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	p := Payload{
		State: Seen, Effect: Deny, Wallet: w.ID, Agent: e.Intent.Agent, RequestID: e.Intent.RequestID,
		Request: e.Intent.Request, RequestExpires: e.Intent.Expires.Unix(),
		Seqno: number(e.Tx), ValidUntil: e.Tx.ValidUntil.Unix(),
		Effects: effects(g.cfg.Network, w.ID, e.Tx), Asset: e.Intent.Asset,
	}
	if p.Moves, err = movesOf(e.Tx.Messages); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	p.Moves = p.Moves[:min(len(p.Moves), maxMoves)]
	if err := explain(tx, e.Tx.SigningHash, p, payeesOf(e.Intent)); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.TransactionExplained, Action: "explain", Request: p.RequestID,
		Actor:    audit.Actor{Type: "party", ID: strings.Join(e.Signers, " ")},
		Resource: audit.Resource{Type: "wallet", ID: w.ID},
		Outcome:  audit.Success, Severity: audit.Warning,
		Details: audit.KV("payload", hex.EncodeToString(e.Tx.SigningHash[:])),
	})
	return nil
}

// unexplained is the flag u/<wallet>/<payload>: what the chain says of a payload that this node has no record of.
type unexplained struct {
	LT      uint64 `cbor:"lt"`
	At      int64  `cbor:"at"` // Unix seconds, chain time
	Success bool   `cbor:"success"`
}

// explain clears the flag of an executed payload, or notes one that has yet to appear on the chain.
func explain(tx Tx, hash [32]byte, p Payload, to payees) error {
	k := keyUnknown(p.Wallet, hash)
	var flag unexplained
	flagged, err := get(tx, k, &flag)
	if err != nil {
		return err
	}
	if flagged {
		p.State = Executed
		put(tx, keyPayload(hash), p)
		tx.Set(k, nil)
		if err := addUnexplained(tx, p.Wallet, -1); err != nil {
			return err
		}
		if err := markUsed(tx, p.RequestID, p.Request); err != nil {
			return err
		}
		if !flag.Success {
			return nil // it has paid nobody
		}
		room := maxRemembered
		return learnPayees(tx, p.Wallet, to, fromUnix(flag.At), &room)
	}
	var old Payload
	if known, err := get(tx, keyPayload(hash), &old); err != nil || known {
		return err
	}
	return note(tx, hash, p, to)
}

// Unexplained returns how many executed payloads of a wallet this node has no record of.
func (g *Guard) Unexplained(tx Tx, wallet string) (n uint64, err error) {
	_, err = get(tx, keyUnexplained(wallet), &n)
	return n, err
}

func addUnexplained(tx Tx, wallet string, by int) error {
	var n uint64
	if _, err := get(tx, keyUnexplained(wallet), &n); err != nil {
		return err
	}
	n += uint64(by) // by is −1 only after an entry was found, so n is above zero then
	put(tx, keyUnexplained(wallet), n)
	return nil
}

// checkQuorum checks that signers are exactly as many distinct parties as sign, with the required ones among them.
func (g *Guard) checkQuorum(signers []string) error {
	if len(signers) != g.cfg.Need {
		return fmt.Errorf("%d signers, exactly %d sign", len(signers), g.cfg.Need)
	}
	seen := map[string]bool{}
	for _, s := range signers {
		if _, ok := g.party(s); !ok || seen[s] {
			return fmt.Errorf("signer %.70q is no party, or named twice", s)
		}
		seen[s] = true
	}
	for _, r := range g.cfg.Required {
		if !seen[r] {
			return fmt.Errorf("required party %s is not among the signers", r)
		}
	}
	return nil
}
