package tss

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/edwards25519"
	"github.com/bnb-chain/tss-lib/v2/common"
	"github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	"github.com/bnb-chain/tss-lib/v2/eddsa/signing"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

// Begin runs a signing of hash with the other signers, who call it with the same session, signers and hash, up to the
// message that completes the signature: that one is in the Half until Release. Signers are exactly need parties of the
// share's committee, this one among them; their order has no meaning. The session must never have been used before.
func Begin(ctx context.Context, s Share, session [32]byte, signers []string, hash [32]byte, l Link) (*Half, error) {
	ctx, cancel := context.WithTimeout(ctx, maxSigning)
	defer cancel()
	g, err := newSigner(s, session, signers, hash, l)
	if err != nil {
		return nil, fmt.Errorf("begin signing: %w", err)
	}
	if err := g.commit(ctx); err != nil {
		return nil, fmt.Errorf("begin signing: %w", err)
	}
	if err := g.reveal(ctx); err != nil {
		return nil, fmt.Errorf("begin signing: %w", err)
	}
	h, err := g.half()
	if err != nil {
		return nil, fmt.Errorf("begin signing: %w", err)
	}
	return h, nil
}

// signer is one party's side of a signing until the last round.
type signer struct {
	share   *shareData
	signers []string // in committee order
	hash    [32]byte
	x       *exchange
	ids     map[string]*lib.PartyID
	party   lib.Party
	out     chan lib.Message
	nonces  map[string]*edwards25519.Point // R_j, once its commitment opened
}

func newSigner(s Share, session [32]byte, signers []string, hash [32]byte, l Link) (*signer, error) {
	if !s.usable() {
		return nil, errors.New("share is empty or destroyed")
	}
	if session == [32]byte{} {
		return nil, errors.New("no session")
	}
	d := s.d
	chosen, ids, err := d.choose(signers)
	if err != nil {
		return nil, err
	}
	g := &signer{
		share: d, signers: chosen, hash: hash,
		x:      newExchange(l, protocolSign, session, others(chosen, d.rec.Self), signSizes...),
		ids:    roster(chosen, ids),
		out:    make(chan lib.Message, 3), // one for each round: the library writes under its mutex
		nonces: map[string]*edwards25519.Point{},
	}
	return g, nil
}

// choose returns the signers in committee order with their ShareIDs. The library panics on a signer without a share
// and makes worthless signatures with another number than need.
func (d *shareData) choose(signers []string) (chosen []string, ids []*edwards25519.Scalar, err error) {
	for i, p := range d.rec.Parties {
		if slices.Contains(signers, p) {
			chosen, ids = append(chosen, p), append(ids, d.ids[i])
		}
	}
	switch {
	case len(signers) != d.rec.Need:
		return nil, nil, fmt.Errorf("%d signers, want %d", len(signers), d.rec.Need)
	case len(chosen) != len(signers):
		return nil, nil, fmt.Errorf("signers %q aren't %d different parties of the key", signers, d.rec.Need)
	case !slices.Contains(chosen, d.rec.Self):
		return nil, nil, fmt.Errorf("%q isn't one of the signers", d.rec.Self)
	}
	return chosen, ids, nil
}

// start makes the library's party. It works on copies of the secret, which are wiped once the nonce is chosen.
func (g *signer) start() error {
	save := keygen.LocalPartySaveData{
		LocalSecrets: keygen.LocalSecrets{Xi: bigFromLE(g.share.rec.Secret[:])},
		Ks:           g.share.libIDs,
		BigXj:        g.share.libPoints,
		EDDSAPub:     g.share.libPublic,
	}
	defer wipe(save.Xi)
	return g.x.enter(func() *lib.Error {
		p := parameters(g.ids, g.share.rec.Self, g.share.rec.Need)
		// The length keeps a hash's leading zeros; without it 1 in 256 signatures is one that nobody accepts.
		g.party = signing.NewLocalParty(bigFromBE(g.hash[:]), p, save, g.out, make(chan *common.SignatureData, 1), len(g.hash))
		return g.party.Start()
	})
}

// commit runs round 1.
func (g *signer) commit(ctx context.Context) error {
	if err := g.start(); err != nil {
		return err
	}
	m, _, err := next[*signing.SignRound1Message](g.out)
	if err != nil {
		return err
	}
	if err := g.x.broadcast(ctx, 1, m.UnmarshalCommitment().FillBytes(make([]byte, fieldSize))); err != nil {
		return err
	}
	commits, err := g.x.gather(ctx, 1)
	if err != nil {
		return err
	}
	for _, p := range g.x.peers {
		if err := g.x.deliver(g.party, signing.NewSignRound1Message(g.ids[p], bigFromBE(commits[p]))); err != nil {
			return err
		}
	}
	return nil
}

// reveal runs round 2. All nonces are checked before the library sees one.
func (g *signer) reveal(ctx context.Context) error {
	m, _, err := next[*signing.SignRound2Message](g.out)
	if err != nil {
		return err
	}
	own, err := encodeNonce(m)
	if err != nil {
		return err
	}
	if err := g.x.broadcast(ctx, 2, own); err != nil {
		return err
	}
	if g.nonces[g.share.rec.Self], err = parsePoint(own[fieldSize : 2*fieldSize]); err != nil {
		return fmt.Errorf("own nonce: %w", err)
	}
	bodies, err := g.x.gather(ctx, 2)
	if err != nil {
		return err
	}
	return g.takeNonces(bodies)
}

func (g *signer) takeNonces(bodies map[string][]byte) error {
	checked := make(map[string]*nonce, len(bodies))
	for _, p := range g.x.peers {
		n, err := parseNonce(bodies[p], g.x.frame(1, p)[headerSize:])
		if err != nil {
			return g.x.fault(p, fmt.Errorf("round 2: %w", err))
		}
		g.nonces[p], checked[p] = n.r, n
	}
	for _, p := range g.x.peers {
		n := checked[p]
		if err := g.x.deliver(g.party, signing.NewSignRound2Message(g.ids[p], n.decommit, n.proof)); err != nil {
			return err
		}
	}
	return nil
}

// half takes the library's last message. The library itself is done with: its own last step would add up the shares,
// name nobody when one is bad, and not check the result with crypto/ed25519.
func (g *signer) half() (*Half, error) {
	m, _, err := next[*signing.SignRound3Message](g.out)
	if err != nil {
		return nil, err
	}
	own, err := parseScalar(littleEndian(m.UnmarshalS()))
	if err != nil {
		return nil, fmt.Errorf("own signature share: %w", err)
	}
	sum := edwards25519.NewIdentityPoint()
	for _, r := range g.nonces {
		sum.Add(sum, r)
	}
	return &Half{
		share: g.share, signers: g.signers, hash: g.hash, x: g.x,
		nonces: g.nonces, nonce: sum, own: own,
	}, nil
}
