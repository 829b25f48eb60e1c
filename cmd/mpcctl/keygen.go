package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// pace is how often the tool asks how a ceremony gets on.
const pace = 100 * time.Millisecond

func (t *tool) keygenCommand() *cobra.Command {
	return group("keygen", "Generate a threshold key: one party proposes, every party's operator approves",
		t.keygenPropose(),
		verb("approve ID", "Approve a proposed key generation, by its id or its key's", t.keygenApprove),
		t.keygenStatus())
}

func (t *tool) keygenPropose() *cobra.Command {
	var within time.Duration
	c := verb("propose KEY", "Propose to generate a key; this party's approval is part of it", func(ctx context.Context, args []string) error {
		s, err := t.site()
		if err != nil {
			return err
		}
		id, err := s.proposeKeygen(ctx, args[0], time.Now().Add(within))
		if err != nil {
			return err
		}
		return t.showCeremony(ctx, s, id)
	})
	c.Flags().DurationVar(&within, "within", time.Hour, "how long the other operators have to approve, at most 24h")
	return c
}

// proposeKeygen proposes a key with this network's terms and returns the digest that operators approve.
func (s *site) proposeKeygen(ctx context.Context, keyID string, expires time.Time) (string, error) {
	key, err := s.operatorKey()
	if err != nil {
		return "", err
	}
	k := wire.Keygen{Network: s.network, Key: keyID, Epoch: 1, Need: s.Threshold, Parties: s.Parties, Proposer: s.Party,
		Expires: expires.Unix()}
	rand.Read(k.Nonce[:])
	id := k.ID()
	err = s.hand(ctx, key, "/v1/keygens", wire.KeygenProposal{Keygen: k, Approval: wire.Approve(id, s.Party, key)}, nil)
	return hex.EncodeToString(id[:]), err
}

func (t *tool) keygenApprove(ctx context.Context, args []string) error {
	return each(ctx, t, func(ctx context.Context, s *site) (c client.Ceremony, err error) {
		if c, err = s.ceremony(ctx, args[0]); err != nil {
			return c, err
		}
		if c.State != stateProposed {
			return c, fmt.Errorf("there is nothing to approve: key generation %s is %s", c.Key, c.State)
		}
		if err := s.approveKeygen(ctx, c); err != nil {
			return c, err
		}
		return s.ceremony(ctx, c.ID)
	}, func(w io.Writer, c client.Ceremony) { ceremonyText(w, c) })
}

// approveKeygen approves a ceremony whose terms are this network's: what the operator's own node shows, and no other.
func (s *site) approveKeygen(ctx context.Context, c client.Ceremony) error {
	if c.Threshold != s.Threshold || !slices.Equal(c.Parties, s.Parties) {
		return fmt.Errorf("approve: the proposal is for %d of %v, this context says %d of %v: not approved",
			c.Threshold, c.Parties, s.Threshold, s.Parties)
	}
	key, err := s.operatorKey()
	if err != nil {
		return err
	}
	var id [32]byte
	if n, err := hex.Decode(id[:], []byte(c.ID)); err != nil || n != len(id) {
		return fmt.Errorf("approve: the node calls the ceremony %.80q, which is no digest", c.ID)
	}
	return s.hand(ctx, key, "/v1/keygens/"+c.ID+"/approve", wire.Approve(id, s.Party, key), nil)
}

func (s *site) ceremonies(ctx context.Context) (all []client.Ceremony, err error) {
	return all, s.get(ctx, "/v1/keygens", &all)
}

// ceremony returns the ceremony of that id, or the newest one for that key.
func (s *site) ceremony(ctx context.Context, name string) (c client.Ceremony, err error) {
	all, err := s.ceremonies(ctx)
	if err != nil {
		return c, err
	}
	for _, o := range all {
		if o.ID == name || o.Key == name && !o.Expires.Before(c.Expires) {
			c = o
		}
	}
	if c.ID == "" {
		return c, hinted(fmt.Errorf("no key generation %q is known at %s", name, s.Party),
			"other parties hear of a proposal once their nodes are connected: see `mpcctl status`")
	}
	return c, nil
}

func (t *tool) keygenStatus() *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{Use: "status [KEY]", Short: "Show key generations; of one key, exit 4 while approvals are missing"}
	c.Flags().DurationVar(&wait, "wait", 0, "wait so long for the key to be ready")
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef(c, "%d arguments, want at most 1", len(args))
		}
		if len(args) == 0 {
			return each(c.Context(), t, func(ctx context.Context, s *site) ([]client.Ceremony, error) { return s.ceremonies(ctx) },
				func(w io.Writer, all []client.Ceremony) { ceremonyText(w, all...) })
		}
		s, err := t.site()
		if err != nil {
			return err
		}
		return t.waitForKey(c.Context(), s, args[0], wait)
	}
	return c
}

// waitForKey shows a ceremony as it is once it is over, or when the wait is.
func (t *tool) waitForKey(ctx context.Context, s *site, name string, wait time.Duration) error {
	until := time.Now().Add(wait)
	var c client.Ceremony
	err := poll(ctx, pace, func() (over bool, err error) {
		c, err = s.ceremony(ctx, name)
		return ended(c) || !time.Now().Before(until), err
	})
	if err != nil {
		return err
	}
	if err := t.ui.result(c, func(w io.Writer) { ceremonyText(w, c) }); err != nil {
		return err
	}
	switch {
	case c.State == stateReady:
		return nil
	case ended(c):
		return fmt.Errorf("key generation %s: %s: propose again", c.Key, c.State)
	case len(c.Waiting) > 0:
		return waitingf("there: mpcctl keygen approve "+c.ID, "key %s waits for the approval of %s", c.Key, list(c.Waiting))
	}
	return fmt.Errorf("key %s is not ready yet: it is %s", c.Key, c.State)
}

// The states of a ceremony that the tool tells apart, as client.Ceremony has them.
const (
	stateReady    = "ready"
	stateProposed = "proposed"
)

// ended reports whether nothing more will happen to c.
func ended(c client.Ceremony) bool {
	return slices.Contains([]string{stateReady, "aborted", "expired", "disputed"}, c.State)
}

func (t *tool) showCeremony(ctx context.Context, s *site, id string) error {
	c, err := s.ceremony(ctx, id)
	if err != nil {
		return err
	}
	return t.ui.result(c, func(w io.Writer) {
		ceremonyText(w, c)
		if len(c.Waiting) > 0 {
			line(w, fmt.Sprintf("At each of %s: mpcctl keygen approve %s", list(c.Waiting), c.ID))
		}
	})
}

func ceremonyText(w io.Writer, all ...client.Ceremony) {
	line(w, "KEY", "STATE", "THRESHOLD", "PROPOSER", "WAITING FOR", "EXPIRES", "ID")
	for _, c := range all {
		line(w, c.Key, c.State, fmt.Sprintf("%d of %d", c.Threshold, len(c.Parties)), c.Proposer, list(c.Waiting), clock(c.Expires), c.ID)
	}
}
