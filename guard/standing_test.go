package guard_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// outdate puts a document into force that an earlier release has read and this one can't; without terms as that release wrote
// it before they were kept.
func (w *world) outdate(document string, keepTerms bool) (hash [32]byte) {
	w.Helper()
	hash = policy.Hash([]byte(document))
	var record map[string]any
	version := w.tx.M["p/current"][0] // of the record's format
	w.must(cbor.Unmarshal(w.tx.M["p/current"][1:], &record))
	record["hash"] = hash[:]
	if !keepTerms {
		delete(record, "quorum")
		delete(record, "delay")
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	w.must(err)
	for k, v := range map[guard.Key]any{"p/current": record, guard.Key("p/" + hex.EncodeToString(hash[:])): []byte(document)} {
		raw, err := mode.Marshal(v)
		w.must(err)
		w.tx.M[k] = append([]byte{version}, raw...)
	}
	return hash
}

// A policy that this release can't read refuses everything, and still lets a successor in, by its own quorum and delay.
func TestPolicyOfAnotherReleaseCanBeSucceeded(t *testing.T) {
	for _, keepTerms := range []bool{true, false} {
		w := newWorld(t, waiting)
		old := w.outdate(strings.Replace(waiting, "version: 1", "version: 1\nofYesterday: true", 1), keepTerms)
		w.restarted()
		if _, err := w.g.Decide(w.tx, w.now, w.request("k1", "1")); err == nil || !strings.Contains(err.Error(), "ofYesterday") {
			t.Errorf("decided by what can't be read: %v", err)
		}
		s, err := w.g.Standing(w.tx)
		if err != nil || s.Hash != old || s.Version != 1 || s.Bundle != nil || s.Unread == nil {
			t.Errorf("%+v, %v", s, err)
		}
		next := strings.Replace(after(2, "500"), parentOf(waiting), hex.EncodeToString(old[:]), 1)
		w.applyPolicy(next)
		wait := time.Hour
		if !keepTerms {
			wait = 24 * time.Hour
		}
		p, err := w.g.PendingPolicy(w.tx)
		if err != nil || p == nil || p.Due.Sub(p.Since) != wait || len(p.Loosens) != 1 || p.Loosens[0].Path != "document" {
			t.Fatalf("terms kept: %v: %+v, %v", keepTerms, p, err)
		}
		w.advance(wait + time.Minute)
		if w.version() != 2 {
			t.Errorf("version %d is in force", w.version())
		}
	}
}

func TestPolicyOfAnotherReleaseKeepsItsQuorum(t *testing.T) {
	c := config()
	c.Parties[0].PolicyAdmins = append(c.Parties[0].PolicyAdmins, pub("user admin 2"))
	both := strings.Replace(permissive, "version: 1", "version: 1\nquorum: 2", 1)
	for _, keepTerms := range []bool{true, false} {
		w := worldOf(t, c)
		w.must(w.g.ApplyPolicy(w.tx, w.now, guard.SignedBundle{Document: []byte(both),
			Signatures: []guard.BundleSignature{signatureOf("user admin", both), signatureOf("user admin 2", both)}}))
		old := w.outdate(both+"ofYesterday: true\n", keepTerms)
		g, err := guard.New(c) // as after a restart: nothing is cached
		w.must(err)
		next := strings.Replace(permissive, "version: 1", "version: 2\nparent: "+hex.EncodeToString(old[:]), 1)
		err = g.ApplyPolicy(w.tx, w.now, guard.SignedBundle{Document: []byte(next), Signatures: []guard.BundleSignature{signatureOf("user admin", next)}})
		if err == nil || !strings.Contains(err.Error(), "1 of 2 signatures") {
			t.Errorf("terms kept: %v: one admin alone: %v", keepTerms, err)
		}
	}
}
