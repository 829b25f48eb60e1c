package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// riskCase is what layers 3 and 7 look at.
type riskCase struct {
	dests      []risk.Dest // of each payment: what the wallet has paid there
	alike      []alike
	listings   []Listing // of those whom the request would pay
	toNew      ton.Nano  // what goes to new destinations
	config     risk.Config
	assessment *risk.Assessment // nil: without permissions, or without a payload that can be read, other layers refuse
	coins      *risk.Assessment // of the coins that go with jettons; nil: there are none but the request's own
}

// loadRisk reads the statistics of the wallet, and judges.
func (e *evaluation) loadRisk(tx Tx) error {
	if e.wallet == nil || e.perms == nil || e.c.Refusal != nil || len(e.moves) > maxMoves {
		return nil
	}
	if err := e.loadDests(tx); err != nil {
		return err
	}
	if err := e.loadAlike(tx); err != nil {
		return err
	}
	if err := e.loadListings(tx); err != nil {
		return err
	}
	market, _, err := marketBy(tx, e.now, e.bundle, e.c.Intent.Asset)
	if err != nil {
		return err
	}
	e.risk.config = riskConfig(e.bundle.Risk(), e.g.cfg.MaxRiskScore)
	r := e.riskRequest()
	if e.risk.assessment, err = e.assess(tx, e.c.Intent.Asset, market, r); err != nil || e.c.Intent.Asset == ton.Native {
		return err
	}
	e.risk.coins, err = e.assess(tx, ton.Native, market, e.ofCoins(r))
	return err
}

func (e *evaluation) assess(tx Tx, asset string, m risk.Market, r risk.Request) (*risk.Assessment, error) {
	var state risk.State
	if _, err := get(tx, keyStatistics(e.wallet.ID, asset), &state); err != nil {
		return nil, err
	}
	a := risk.Assess(state, m, e.risk.config, r)
	return &a, nil
}

// ofCoins is the same request by the coins that its messages carry: any of them may go on to whom it pays.
func (e *evaluation) ofCoins(r risk.Request) risk.Request {
	l, _ := e.limitsOf(ton.Native)
	r.Amount, r.PerTransaction, r.Balance, r.UnlistedJetton, r.Pending = e.outflow(), l.PerTransaction, e.c.Account.Balance, false, e.pendingOf(ton.Native)
	r.Payments = slices.Clone(r.Payments)
	for n := range r.Payments {
		r.Payments[n].Amount = r.Amount
		r.Payments[n].Dest.Sum = ton.Nano{} // it is of the jetton
	}
	return r
}

func (e *evaluation) loadDests(tx Tx) error {
	for _, p := range e.c.Intent.Payments() {
		var d risk.Dest
		if _, err := get(tx, keyDestination(e.wallet.ID, p.Destination), &d); err != nil {
			return err
		}
		e.risk.dests = append(e.risk.dests, d)
		if !p.Destination.IsZero() && d.IsNew(e.at) {
			e.risk.toNew = atMost(e.risk.toNew.Add(p.Amount))
		}
	}
	return nil
}

// loadListings looks everybody who would be paid up in the blacklist: also who carries the payload, or is paid for a swap.
func (e *evaluation) loadListings(tx Tx) error {
	r, err := blacklistBy(tx, e.at, e.bundle)
	if err != nil {
		return err
	}
	paid := []ton.Address{e.c.Intent.Relayer, e.c.Intent.Referral}
	for _, p := range e.c.Intent.Payments() {
		paid = append(paid, p.Destination)
	}
	for n, a := range paid {
		if a.IsZero() || slices.Contains(paid[:n], a) {
			continue
		}
		l, found, err := r.look(a)
		if err != nil {
			return err
		}
		if found {
			l.Asked = a
			e.risk.listings = append(e.risk.listings, l)
		}
	}
	return nil
}

// riskConfig is the policy's, tightened by the node's own highest score; 0: it has none.
func riskConfig(p policy.Risk, most int) risk.Config {
	if most > 0 {
		p.MaxScore = min(p.MaxScore, most)
	}
	return risk.Config{
		Enabled: p.Enabled, MaxScore: p.MaxScore, AnomalyThreshold: p.AnomalyThreshold, FraudDetection: p.FraudDetection,
		Weights: risk.Weights{Transaction: p.Transaction, Behavioral: p.Behavioral, Market: p.Market},
	}
}

func (e *evaluation) riskRequest() risk.Request {
	i := e.c.Intent
	l, _ := e.limitsOf(i.Asset)
	r := risk.Request{
		At: e.at, Amount: i.Amount, PerTransaction: l.PerTransaction, Balance: e.balance(), Pending: e.pending(),
		Undecoded:      i.Type == string(ton.OpContractCall),
		UnlistedJetton: !slices.Contains(e.perms.AllowedTokens, i.Asset),
	}
	for n, p := range i.Payments() {
		if !p.Destination.IsZero() {
			like := slices.ContainsFunc(e.risk.alike, func(a alike) bool { return a.to == p.Destination })
			r.Payments = append(r.Payments, risk.Payment{To: p.Destination, Amount: p.Amount, Dest: e.risk.dests[n], LooksLike: like})
		}
	}
	for _, m := range e.c.Tx.Messages {
		r.StateInit = r.StateInit || m.Init != [32]byte{}
		r.Sweep = r.Sweep || m.Mode&(128|32) != 0
	}
	return r
}

// balance is what the wallet holds of the request's asset.
func (e *evaluation) balance() ton.Nano {
	if e.c.Intent.Asset == ton.Native {
		return e.c.Account.Balance
	}
	i := slices.IndexFunc(e.c.Facts, func(f ton.Facts) bool { return f.Role == ton.RoleJettonWallet })
	if i < 0 {
		return ton.Nano{}
	}
	return e.c.Facts[i].Balance
}

// pending is what other live payloads of a Highload V3 wallet may yet send of the asset.
func (e *evaluation) pending() (all []risk.Pending) {
	if len(e.moves) == 0 {
		return nil
	}
	of := e.countedAs(e.moves[len(e.moves)-1])
	for _, l := range e.lives {
		if l.ID != e.c.Tx.QueryID {
			all = append(all, risk.Pending{Amount: l.sends(of), Payments: []risk.Payment{{Amount: l.New}}})
		}
	}
	return all
}

// pendingOf is the same of another asset, of which it isn't known to whom it goes.
func (e *evaluation) pendingOf(asset string) (all []risk.Pending) {
	for _, l := range e.lives {
		if l.ID != e.c.Tx.QueryID {
			all = append(all, risk.Pending{Amount: l.sends([]string{asset})})
		}
	}
	return all
}

// risks is layer 3: how risky the request is, and whether it is part of a pattern of fraud.
func (e *evaluation) risks() (v []Verdict) {
	if i := slices.IndexFunc(e.risk.listings, Listing.Denies); i >= 0 { // one tells enough, of 255
		v = append(v, deny(ReasonBlacklisted, e.risk.listings[i].String(), ""))
	}
	if !e.risk.config.Enabled {
		return v
	}
	for _, a := range []*risk.Assessment{e.risk.assessment, e.risk.coins} {
		if a != nil {
			v = append(v, e.objects(a)...)
		}
	}
	return v
}

func (e *evaluation) objects(a *risk.Assessment) (v []Verdict) {
	if a.Level == risk.Unknown || a.Score > float64(e.risk.config.MaxScore) {
		v = append(v, deny(ReasonRiskScore, score(a.Score), strconv.Itoa(e.risk.config.MaxScore)))
	}
	for _, m := range a.Patterns {
		v = append(v, pattern(m)...)
	}
	if a.Level >= risk.High {
		v = append(v, escalate(ReasonRiskLevel, a.Level.String(), risk.Medium.String()))
	}
	return v
}

// pattern is what a matched pattern asks for. Of the others people are told.
func pattern(m risk.Match) []Verdict {
	switch m.Action {
	case risk.Block:
		return []Verdict{deny(Reason(m.Name), m.Details, "")}
	case risk.Escalate:
		return []Verdict{escalate(Reason(m.Name), m.Details, "")}
	}
	return nil
}

// anomaly is layer 7: how far the request is from what the wallet did before.
func (e *evaluation) anomaly() []Verdict {
	for _, a := range []*risk.Assessment{e.risk.assessment, e.risk.coins} {
		if a != nil && e.risk.config.Enabled && a.Anomaly.IsAnomaly {
			return []Verdict{escalate(ReasonAnomaly, score(a.Anomaly.Deviation), permille(uint16(e.risk.config.AnomalyThreshold)))}
		}
	}
	return nil
}

// riskDetails are for the audit.
func (e *evaluation) riskDetails() audit.Details {
	a := e.risk.assessment
	if a == nil {
		return nil
	}
	var names []string
	for _, m := range a.Patterns {
		names = append(names, m.Name+" "+string(m.Action))
	}
	d := audit.KV("risk_score", score(a.Score), "risk_level", a.Level.String(), "patterns", strings.Join(names, ", "))
	for n, l := range e.risk.listings[:min(len(e.risk.listings), maxLookAlikes)] {
		d = append(d, audit.Detail{K: "blacklist " + ordinal(n), V: clip(l.String())})
	}
	return d
}

func score(x float64) string { return fmt.Sprintf("%.1f", x) }
