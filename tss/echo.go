package tss

import (
	"context"
	"fmt"
	"slices"

	"github.com/tonaiagent/mpcnode/digest"
)

// echo makes a broadcast of what was sent in the round before: every party tells every other the hash of what it got
// from each, and nobody goes on before all agree. Without it a member that runs tss-lib twice, once towards each honest
// party, leaves them with two different keys and no error. It returns the digest that all parties then share.
func (k *dkg) echo(ctx context.Context, round int, sent map[string][]byte) ([32]byte, error) {
	mine := k.hashes(round-1, sent)
	if err := k.x.broadcast(ctx, round, slices.Concat(mine...)); err != nil {
		return [32]byte{}, err
	}
	theirs, err := k.x.gather(ctx, round)
	if err != nil {
		return [32]byte{}, err
	}
	if err := k.compare(round, mine, theirs); err != nil {
		return [32]byte{}, err
	}
	return digest.Sum(digest.Echo, k.c.Session, round-1, mine), nil
}

// hashes returns the hash of each party's broadcast, in party order.
func (k *dkg) hashes(round int, sent map[string][]byte) [][]byte {
	list := make([][]byte, len(k.c.Parties))
	for i, p := range k.c.Parties {
		h := digest.Sum(digest.Broadcast, k.c.Session, round, p, sent[p])
		list[i] = h[:]
	}
	return list
}

// contradiction is a report that differs from what this party holds: reporter says that about sent something else.
type contradiction struct{ reporter, about string }

func (k *dkg) compare(round int, mine [][]byte, theirs map[string][]byte) error {
	var found []contradiction
	for _, reporter := range k.x.peers {
		for i, h := range slices.Collect(slices.Chunk(theirs[reporter], fieldSize)) {
			if !slices.Equal(h, mine[i]) {
				found = append(found, contradiction{reporter, k.c.Parties[i]})
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return k.judge(round, found)
}

// judge names the one party that explains all contradictions, if only one does. A report about this party's own
// message, or about the reporter's, can only be the reporter's fault; else reporter and sender are both suspect.
func (k *dkg) judge(round int, found []contradiction) error {
	suspects, accused := k.c.Parties, []string{}
	var evidence [][]byte
	for _, f := range found {
		pair := []string{f.reporter}
		if f.about != k.c.Self {
			pair = append(pair, f.about)
			evidence = append(evidence, k.x.frame(round-1, f.about))
		}
		evidence = append(evidence, k.x.frame(round, f.reporter))
		suspects = keep(suspects, pair)
		accused = append(accused, pair...)
	}
	reason := fmt.Sprintf("round %d: reports of what was broadcast differ", round)
	if len(suspects) == 1 {
		return &Fault{Party: suspects[0], Reason: reason, Evidence: evidence}
	}
	return &Dispute{Parties: keep(k.c.Parties, accused), Reason: reason, Evidence: evidence}
}

// keep returns those of list that are among some, in the order of list.
func keep(list, some []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return !slices.Contains(some, p) })
}
