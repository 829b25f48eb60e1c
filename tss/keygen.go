package tss

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/bnb-chain/tss-lib/v2/crypto/vss"
	"github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	lib "github.com/bnb-chain/tss-lib/v2/tss"

	"github.com/tonaiagent/mpcnode/digest"
)

// Generated is what a keygen gave this party. Public and Confirm are identical at every honest party.
type Generated struct {
	Share   Share
	Public  [32]byte // RFC 8032
	Confirm []byte   // the confirm body, see [Confirmed]; the key may be used once all parties have signed it
}

// Keygen makes a key with the other parties of c, who call it with the same terms. It takes four messages from each.
// Its errors are a [Fault], a [Dispute], a [Silent], the context's or the link's; no key exists then at this party,
// though another may hold one that never gets confirmed.
func Keygen(ctx context.Context, c Committee, l Link) (*Generated, error) {
	ctx, cancel := context.WithTimeout(ctx, maxKeygen)
	defer cancel()
	k, err := newDKG(c, l)
	if err != nil {
		return nil, fmt.Errorf("keygen: %w", err)
	}
	if err := k.commit(ctx); err != nil {
		return nil, fmt.Errorf("keygen: %w", err)
	}
	if err := k.open(ctx); err != nil {
		return nil, fmt.Errorf("keygen: %w", err)
	}
	g, err := k.finish()
	if err != nil {
		return nil, fmt.Errorf("keygen: %w", err)
	}
	return g, nil
}

// dkg is one party's side of a keygen.
type dkg struct {
	c     Committee
	x     *exchange
	ids   map[string]*lib.PartyID
	party lib.Party
	out   chan lib.Message
	end   chan *keygen.LocalPartySaveData

	reveals    map[string][]byte // contributions to the chain code; a peer's is here once it opened its commitment
	commits    map[string][]byte // bodies of round 1
	broadcasts [2][32]byte       // echo digests of rounds 1 and 3
}

func newDKG(c Committee, l Link) (*dkg, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Session == [32]byte{} {
		return nil, errors.New("committee: no session")
	}
	ids, err := c.shareIDs()
	if err != nil {
		return nil, err
	}
	n := len(c.Parties)
	k := &dkg{
		c:   c,
		x:   newExchange(l, protocolKeygen, c.Session, others(c.Parties, c.Self), keygenSizes(n, c.Need)...),
		ids: roster(c.Parties, ids),
		out: make(chan lib.Message, n+1), // the library writes under its mutex: it must never wait
		end: make(chan *keygen.LocalPartySaveData, 1),
	}
	own := make([]byte, fieldSize)
	rand.Read(own)
	k.reveals = map[string][]byte{c.Self: own}
	k.party = keygen.NewLocalParty(parameters(k.ids, c.Self, c.Need), k.out, k.end)
	return k, nil
}

// commit sends and echoes round 1.
func (k *dkg) commit(ctx context.Context) error {
	if err := k.x.enter(k.party.Start); err != nil {
		return err
	}
	m, _, err := next[*keygen.KGRound1Message](k.out)
	if err != nil {
		return err
	}
	chain := k.chainCommitment(k.c.Self, k.reveals[k.c.Self])
	own := append(m.UnmarshalCommitment().FillBytes(make([]byte, fieldSize)), chain[:]...)
	if err := k.x.broadcast(ctx, 1, own); err != nil {
		return err
	}
	if k.commits, err = k.x.gather(ctx, 1); err != nil {
		return err
	}
	k.commits[k.c.Self] = own
	k.broadcasts[0], err = k.echo(ctx, 2, k.commits)
	return err
}

func (k *dkg) chainCommitment(party string, secret []byte) [32]byte {
	return digest.Sum(digest.Reveal, k.c.Session, party, secret)
}

// open sends and echoes round 3, then lets the library finish.
func (k *dkg) open(ctx context.Context) error {
	for _, p := range k.x.peers {
		commitment := bigFromBE(k.commits[p][:fieldSize])
		if err := k.x.deliver(k.party, keygen.NewKGRound1Message(k.ids[p], commitment)); err != nil {
			return err
		}
	}
	own, err := k.sendOpenings(ctx)
	if err != nil {
		return err
	}
	bodies, err := k.x.gather(ctx, 3)
	if err != nil {
		return err
	}
	sent := map[string][]byte{k.c.Self: own}
	for p, b := range bodies {
		sent[p] = b[:openingSize(k.c.Need)]
	}
	if k.broadcasts[1], err = k.echo(ctx, 4, sent); err != nil {
		return err
	}
	return k.takeOpenings(bodies)
}

// sendOpenings sends each peer our opening and its own share, and returns the opening.
func (k *dkg) sendOpenings(ctx context.Context) ([]byte, error) {
	shares := map[string][]byte{}
	for range k.x.peers {
		m, msg, err := next[*keygen.KGRound2Message1](k.out)
		if err != nil {
			return nil, err
		}
		shares[msg.GetTo()[0].Id] = littleEndian(m.UnmarshalShare())
	}
	m, _, err := next[*keygen.KGRound2Message2](k.out)
	if err != nil {
		return nil, err
	}
	own, err := encodeOpening(m, [32]byte(k.reveals[k.c.Self]))
	if err != nil {
		return nil, err
	}
	for _, p := range k.x.peers {
		if err := k.x.send(ctx, 3, p, append(own[:len(own):len(own)], shares[p]...)); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// takeOpenings checks all openings before the library sees one: its last round works in goroutines of its own, where
// a panic can't be recovered.
func (k *dkg) takeOpenings(bodies map[string][]byte) error {
	checked := make(map[string]*opening, len(bodies))
	for _, p := range k.x.peers {
		o, err := parseOpening(bodies[p], k.c.Need)
		if err != nil {
			return k.x.fault(p, fmt.Errorf("round 3: %w", err))
		}
		if k.chainCommitment(p, o.reveal) != [32]byte(k.commits[p][fieldSize:]) {
			return k.x.fault(p, errors.New("round 3: chain code contribution isn't the committed one"))
		}
		k.reveals[p], checked[p] = o.reveal, o
	}
	for _, p := range k.x.peers {
		if err := k.deliverOpening(k.ids[p], checked[p]); err != nil {
			return err
		}
	}
	return nil
}

func (k *dkg) deliverOpening(from *lib.PartyID, o *opening) error {
	share := &vss.Share{Share: bigScalar(o.share)}
	if err := k.x.deliver(k.party, keygen.NewKGRound2Message1(k.ids[k.c.Self], from, share)); err != nil {
		return err
	}
	return k.x.deliver(k.party, keygen.NewKGRound2Message2(from, o.decommit, o.proof))
}

// finish makes the share and the confirm body, each through the checks that a reader of it applies.
func (k *dkg) finish() (*Generated, error) {
	var save *keygen.LocalPartySaveData
	select {
	case save = <-k.end:
	default:
		return nil, errors.New("tss-lib ended without a key")
	}
	defer wipe(save.Xi)
	rec := k.record(save)
	share, err := newShare(rec)
	if err != nil {
		return nil, err
	}
	body := k.confirmBody(rec)
	if _, err := CheckConfirm(body); err != nil {
		return nil, err
	}
	return &Generated{Share: share, Public: rec.Public, Confirm: body}, nil
}

// record puts what the library and the reveals gave into party order.
func (k *dkg) record(save *keygen.LocalPartySaveData) *record {
	r := newRecord(k.c)
	r.Secret = [32]byte(littleEndian(save.Xi))
	r.Public = [32]byte(encodeECPoint(save.EDDSAPub))
	var reveals [][]byte
	for _, p := range k.c.Parties {
		r.Verification = append(r.Verification, [32]byte(encodeECPoint(save.BigXj[k.ids[p].Index])))
		reveals = append(reveals, k.reveals[p])
	}
	r.ChainCode = digest.Sum(digest.ChainCode, k.c.Session, reveals)
	return r
}
