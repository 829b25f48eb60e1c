package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/tonaiagent/mpcnode/ton"
)

// vault returns the DeDust factory, vouched for by the policy, of which a is the vault for an asset.
func (p *prover) vault(ctx context.Context, asset string, a ton.Address) (ton.Address, error) {
	factories, err := p.roots(ctx, ton.RoleFactory, ton.DeDust)
	if err != nil {
		return ton.Address{}, err
	}
	for _, factory := range factories {
		arg, err := ton.AssetSlice(asset)
		if err != nil {
			return ton.Address{}, err
		}
		r, err := p.results(ctx, factory, 1, "get_vault_address", arg)
		if errors.Is(err, ErrUnavailable) {
			return ton.Address{}, err
		}
		if err == nil && r.Address() == a && r.Err() == nil {
			return factory, nil
		}
	}
	return ton.Address{}, fmt.Errorf("%s is no DeDust vault for %s of a factory that the policy vouches for", a, asset)
}

// dedust returns what a swap gives, by each pool's own estimate on its proven state, and in which asset.
func (p *prover) dedust(ctx context.Context, factory ton.Address, amount ton.Nano, s ton.Swap) (asset string, out ton.Nano, err error) {
	if asset = ton.Native; s.Offer.IsZero() {
		asset = p.claim.Asset
	}
	for _, h := range s.Hops[:s.Count] {
		pair, err := p.pair(ctx, factory, h.Pool)
		if err != nil {
			return "", ton.Nano{}, err
		}
		if asset, amount, err = p.estimate(ctx, h.Pool, pair, asset, amount); err != nil {
			return "", ton.Nano{}, err
		}
	}
	return asset, amount, nil
}

// poolKinds are DeDust's kinds of pools: volatile and stable.
var poolKinds = []int64{0, 1}

// pair returns what a pool exchanges, if the factory says that it is its pool for that.
func (p *prover) pair(ctx context.Context, factory, pool ton.Address) (pair [2]string, err error) {
	r, err := p.results(ctx, pool, 2, "get_assets")
	if err != nil {
		return pair, err
	}
	if pair = [2]string{r.Asset(), r.Asset()}; r.Err() != nil {
		return pair, r.Err()
	}
	for _, kind := range poolKinds {
		a, errA := ton.AssetSlice(pair[0])
		b, errB := ton.AssetSlice(pair[1])
		if err := errors.Join(errA, errB); err != nil {
			return pair, err
		}
		r, err := p.results(ctx, factory, 1, "get_pool_address", big.NewInt(kind), a, b)
		if errors.Is(err, ErrUnavailable) {
			return pair, err
		}
		if err == nil && r.Address() == pool && r.Err() == nil {
			return pair, nil
		}
	}
	return pair, fmt.Errorf("the factory denies the pool %s of %s and %s", pool, pair[0], pair[1])
}

// estimate asks a pool what it gives for an amount of an asset.
func (p *prover) estimate(ctx context.Context, pool ton.Address, pair [2]string, asset string, amount ton.Nano) (string, ton.Nano, error) {
	ask := pair[0]
	if asset == pair[0] {
		ask = pair[1]
	} else if asset != pair[1] {
		return "", ton.Nano{}, fmt.Errorf("the pool %s exchanges %s and %s, not %s", pool, pair[0], pair[1], asset)
	}
	arg, err := ton.AssetSlice(asset)
	if err != nil {
		return "", ton.Nano{}, err
	}
	r, err := p.results(ctx, pool, 2, "estimate_swap_out", arg, amount.Big())
	if err != nil {
		return "", ton.Nano{}, err
	}
	got, out := r.Asset(), r.Amount()
	if r.Err() == nil && got != ask {
		return "", ton.Nano{}, fmt.Errorf("the pool %s gives %s for %s, want %s", pool, got, asset, ask)
	}
	return ask, out, r.Err()
}
