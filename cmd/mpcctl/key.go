package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
)

func (t *tool) keyCommand() *cobra.Command {
	return group("key", "The threshold keys of which the node holds a share",
		verb("list", "List the keys", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) ([]client.Key, error) { return s.keys(ctx) },
				func(w io.Writer, all []client.Key) { keyText(w, all...) })
		}),
		verb("show KEY", "Show one key", func(ctx context.Context, args []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (client.Key, error) { return s.readyOr(ctx, args[0], false) },
				func(w io.Writer, k client.Key) { keyText(w, k) })
		}))
}

func (s *site) keys(ctx context.Context) (all []client.Key, err error) {
	return all, s.get(ctx, "/v1/keys", &all)
}

// readyOr returns one key, which must be ready if a wallet is to be made of it.
func (s *site) readyOr(ctx context.Context, id string, ready bool) (client.Key, error) {
	all, err := s.keys(ctx)
	if err != nil {
		return client.Key{}, err
	}
	for _, k := range all {
		if k.ID != id {
			continue
		}
		if ready && k.State != stateReady {
			return k, hinted(fmt.Errorf("key %s is %s", id, k.State), "mpcctl keygen status %s --wait 30s", id)
		}
		return k, nil
	}
	return client.Key{}, hinted(fmt.Errorf("no key %q is known at %s", id, s.Party), "see `mpcctl keygen status`")
}

// publicKey returns the key's bytes.
func publicKey(k client.Key) (pub [32]byte, err error) {
	if n, err := hex.Decode(pub[:], []byte(k.PublicKey)); err != nil || n != len(pub) {
		return pub, fmt.Errorf("key %s: public key %.80q is not 64 hex digits", k.ID, k.PublicKey)
	}
	return pub, nil
}

func keyText(w io.Writer, all ...client.Key) {
	line(w, "KEY", "EPOCH", "STATE", "THRESHOLD", "PARTIES", "PUBLIC KEY")
	for _, k := range all {
		line(w, k.ID, k.Epoch, k.State, fmt.Sprintf("%d of %d", k.Threshold, len(k.Parties)), list(k.Parties), or(k.PublicKey, "-"))
	}
}
