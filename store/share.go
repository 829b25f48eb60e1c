package store

import (
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/tss"
)

// Prepare seals a share of this party and returns once it is durable. The epoch's certificate makes it active.
func (v *Vault) Prepare(share tss.Share) error {
	s := slot{Key: share.Key(), Epoch: share.Epoch()}
	if share.Party() != v.party {
		return fmt.Errorf("prepare %s: it is of %q, this vault of %q", s, share.Party(), v.party)
	}
	plain := share.Marshal()
	defer clear(plain)
	again, err := tss.ParseShare(plain) // what can't be opened later must not be confirmed now
	if err != nil {
		return fmt.Errorf("prepare %s: %w", s, err)
	}
	again.Destroy()
	if err := v.add(s, plain); err != nil {
		return fmt.Errorf("prepare %s: %w", s, err)
	}
	return nil
}

// Open uses up the permit and returns the share it is for, which the caller destroys. There is no other way to a share.
// A share that is only prepared opens for the permit of a key test alone.
func (v *Vault) Open(now time.Time, p *guard.Permit) (tss.Share, error) {
	if err := p.Use(now); err != nil {
		return tss.Share{}, fmt.Errorf("open vault: %w", err)
	}
	s := slot{Key: p.Key(), Epoch: p.Epoch()}
	plain, err := v.unseal(s, p.Test())
	if err != nil {
		return tss.Share{}, fmt.Errorf("open vault: %s: %w", s, err)
	}
	defer clear(plain)
	share, err := tss.ParseShare(plain)
	if err != nil {
		return tss.Share{}, fmt.Errorf("open vault: %s: %w", s, err)
	}
	if share.Key() != s.Key || share.Epoch() != s.Epoch || share.Party() != v.party {
		share.Destroy()
		return tss.Share{}, fmt.Errorf("open vault: %s: the file has another share", s)
	}
	return share, nil
}
