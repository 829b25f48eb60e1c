package chain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// router returns the account of a STON.fi router that the policy vouches for.
func (p *prover) router(ctx context.Context, a ton.Address, venue ton.Venue) (ton.Account, error) {
	acc, err := p.contract(ctx, a)
	if err != nil {
		return ton.Account{}, err
	}
	if v, ok := p.vouches(acc, ton.RoleRouter); !ok || v.Venue != venue {
		return ton.Account{}, fmt.Errorf("nobody vouches for the router %s of %s", a, venue)
	}
	return acc, nil
}

// pton checks that a is the router's wallet of native coins: of a pTON master that the policy vouches for.
func (p *prover) pton(ctx context.Context, router, a ton.Address, venue ton.Venue) error {
	masters, err := p.roots(ctx, ton.RolePTONMaster, venue)
	if err != nil {
		return err
	}
	for _, master := range masters {
		if wallet, err := p.walletOf(ctx, master, router); err == nil && wallet == a {
			return nil
		} else if errors.Is(err, ErrUnavailable) {
			return err
		}
	}
	return fmt.Errorf("%s is no pTON wallet of the router %s", a, router)
}

// ston returns what a swap on one router gives, and fills in the pools. Each exchange is run by the router's and the pool's
// own code on their proven states, whatever kind of pool it is: the router names the pool and tells it what came in, the
// pool tells the router what to pay.
func (p *prover) ston(ctx context.Context, router, from ton.Address, amount ton.Nano, s ton.Swap, f *ton.Facts) (ask string, out ton.Nano, err error) {
	for i, h := range s.Hops[:s.Count] {
		if f.Pools[i], amount, err = p.exchange(ctx, router, from, amount, s.Venue, h); err != nil {
			return "", ton.Nano{}, err
		}
		from = h.Pool
	}
	return p.claim.Ask, amount, p.asks(ctx, router, from, s.Venue)
}

// asks checks that a is the router's wallet of what was claimed to be asked for.
func (p *prover) asks(ctx context.Context, router, a ton.Address, venue ton.Venue) error {
	if p.claim.Ask == ton.Native {
		return p.pton(ctx, router, a, venue)
	}
	master, ok := ton.JettonMaster(p.claim.Ask)
	if !ok {
		return fmt.Errorf("asset %q is neither native nor a jetton", p.claim.Ask)
	}
	wallet, err := p.walletOf(ctx, master, router)
	if err == nil && wallet != a {
		err = fmt.Errorf("the router's wallet of %s is %s, the swap asks for %s", p.claim.Ask, wallet, a)
	}
	return err
}

// exchange runs one hop, with coins for any gas that it may need, and returns its pool and what that gives.
func (p *prover) exchange(ctx context.Context, router, from ton.Address, amount ton.Nano, venue ton.Venue, h ton.Hop) (at ton.Address, got ton.Nano, err error) {
	acc, err := p.router(ctx, router, venue)
	if err != nil {
		return at, got, err
	}
	order := h.Order(venue, amount, p.own, uint64(acc.Time.Add(time.Hour).Unix()))
	sent, err := p.send(acc, ton.Internal{From: from, To: router, Value: exchangeGas, Body: order})
	if err != nil {
		return at, got, err
	}
	if len(sent) != 1 {
		return at, got, fmt.Errorf("the router sends %d messages, want one to a pool", len(sent))
	}
	pool, err := p.contract(ctx, sent[0].To)
	if err != nil {
		return at, got, err
	}
	paid, err := p.send(pool, sent[0])
	if err != nil {
		return at, got, err
	}
	got, err = p.paid(paid, venue, h.Pool)
	return pool.Address, got, err
}

// exchangeGas is far more than routers and pools need.
var exchangeGas = ton.NanoOf(10_000_000_000)

// send runs a message on a proven account.
func (p *prover) send(acc ton.Account, m ton.Internal) ([]ton.Internal, error) {
	return p.emulator.Send(acc, p.c.cfg.GlobalID, m, acc.Time)
}

// paid finds what the wallet gets. Another message may pay a referral; a refund is in what was offered.
func (p *prover) paid(messages []ton.Internal, venue ton.Venue, ask ton.Address) (got ton.Nano, err error) {
	for _, m := range messages {
		paid, err := ton.ReadPaid(venue, m.Body)
		if err != nil {
			continue // a referral's vault
		}
		for i, wallet := range paid.Wallets {
			switch {
			case paid.To != p.own || paid.Amounts[i].IsZero():
			case wallet == ask && got.IsZero():
				got = paid.Amounts[i]
			default:
				return ton.Nano{}, fmt.Errorf("the pool pays back %s, not %s", wallet, ask)
			}
		}
	}
	if got.IsZero() {
		err = errors.New("the pool gives nothing")
	}
	return got, err
}
