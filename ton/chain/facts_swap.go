package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
)

// swap proves that jettons go to an exchange, and what comes back.
func (p *prover) swap(ctx context.Context, j ton.Jetton, f *ton.Facts) error {
	s := j.Payload.Swap
	if s.Venue == ton.DeDust {
		factory, err := p.vault(ctx, p.claim.Asset, j.Destination)
		if err != nil {
			return err
		}
		f.Receiver.Role, f.Receiver.Venue = ton.RoleRouter, s.Venue
		return p.expect(f, func() (string, ton.Nano, error) { return p.dedust(ctx, factory, j.Amount, s, f) })
	}
	if _, err := p.router(ctx, j.Destination, s.Venue); err != nil {
		return err
	}
	f.Receiver.Role, f.Receiver.Venue = ton.RoleRouter, s.Venue
	return p.expect(f, func() (string, ton.Nano, error) { return p.ston(ctx, j.Destination, f.Receiver.Wallet, j.Amount, s, f) })
}

// coins proves that native coins go to an exchange, and what comes back.
func (p *prover) coins(ctx context.Context, s ton.Swap, f *ton.Facts) error {
	if s.Venue == ton.DeDust {
		factory, err := p.vault(ctx, ton.Native, f.Account.Address)
		if err != nil {
			return err
		}
		f.Role, f.Venue = ton.RoleNativeVault, s.Venue
		return p.expect(f, func() (string, ton.Nano, error) { return p.dedust(ctx, factory, s.Offer, s, f) })
	}
	routers, err := p.roots(ctx, ton.RoleRouter, s.Venue)
	if err != nil {
		return err
	}
	for _, router := range routers {
		if err := p.pton(ctx, router, f.Account.Address, s.Venue); err == nil {
			f.Role, f.Venue = ton.RolePTON, s.Venue
			return p.expect(f, func() (string, ton.Nano, error) { return p.ston(ctx, router, f.Account.Address, s.Offer, s, f) })
		} else if errors.Is(err, ErrUnavailable) {
			return err
		}
	}
	return fmt.Errorf("%s is no pTON wallet of a router of %s that the policy vouches for", f.Account.Address, s.Venue)
}

// coinsV1 is coins for STON.fi's first version, whose pTON wallets take jetton transfers.
func (p *prover) coinsV1(ctx context.Context, j ton.Jetton, f *ton.Facts) error {
	if _, err := p.router(ctx, j.Destination, ton.STON1); err != nil {
		return err
	}
	if err := p.pton(ctx, j.Destination, f.Account.Address, ton.STON1); err != nil {
		return err
	}
	f.Role, f.Venue = ton.RolePTON, ton.STON1
	return p.expect(f, func() (string, ton.Nano, error) {
		return p.ston(ctx, j.Destination, f.Account.Address, j.Amount, j.Payload.Swap, f)
	})
}

// expect fills in what a swap gives. That it can't be found out doesn't change what the destination is.
func (p *prover) expect(f *ton.Facts, swap func() (string, ton.Nano, error)) error {
	ask, out, err := swap()
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	if err != nil {
		f.Unproven = clip(err.Error())
		return nil
	}
	f.Ask, f.Expected = ask, out
	return nil
}
