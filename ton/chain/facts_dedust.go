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
		r, err := p.results(ctx, factory, "get_vault_address", arg)
		if errors.Is(err, ErrUnavailable) {
			return ton.Address{}, err
		}
		if err == nil && r.Address() == a && r.Err() == nil {
			return factory, nil
		}
	}
	return ton.Address{}, fmt.Errorf("%s is no DeDust vault for %s of a factory that the policy vouches for", a, asset)
}

// dedust returns what a swap gives, by each pool's own estimate on its proven state, and in which asset, and fills in the
// pools.
func (p *prover) dedust(ctx context.Context, factory ton.Address, amount ton.Nano, s ton.Swap, f *ton.Facts) (asset string, out ton.Nano, err error) {
	if asset = ton.Native; s.Offer.IsZero() {
		asset = p.claim.Asset
	}
	for i, h := range s.Hops[:s.Count] {
		if err := p.checkPool(ctx, factory, h.Pool); err != nil {
			return "", ton.Nano{}, err
		}
		f.Pools[i] = h.Pool
		if asset, amount, err = p.estimate(ctx, h.Pool, asset, amount); err != nil {
			return "", ton.Nano{}, err
		}
	}
	return asset, amount, nil
}

// poolKinds are DeDust's kinds of pools: volatile and stable.
var poolKinds = []int64{0, 1}

// checkPool checks that the factory calls a pool its own, for the assets that the pool says it exchanges.
func (p *prover) checkPool(ctx context.Context, factory, pool ton.Address) error {
	r, err := p.results(ctx, pool, "get_assets")
	if err != nil {
		return err
	}
	pair := [2]string{r.Asset(), r.Asset()}
	if r.Err() != nil {
		return r.Err()
	}
	for _, kind := range poolKinds {
		a, errA := ton.AssetSlice(pair[0])
		b, errB := ton.AssetSlice(pair[1])
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		r, err := p.results(ctx, factory, "get_pool_address", big.NewInt(kind), a, b)
		if errors.Is(err, ErrUnavailable) {
			return err
		}
		if err == nil && r.Address() == pool && r.Err() == nil {
			return nil
		}
	}
	return fmt.Errorf("the factory denies the pool %s of %s and %s", pool, pair[0], pair[1])
}

// estimate asks a pool what it gives for an amount of an asset.
func (p *prover) estimate(ctx context.Context, pool ton.Address, asset string, amount ton.Nano) (string, ton.Nano, error) {
	arg, err := ton.AssetSlice(asset)
	if err != nil {
		return "", ton.Nano{}, err
	}
	r, err := p.results(ctx, pool, "estimate_swap_out", arg, amount.Big())
	if err != nil {
		return "", ton.Nano{}, err
	}
	ask, out := r.Asset(), r.Amount()
	return ask, out, r.Err()
}
