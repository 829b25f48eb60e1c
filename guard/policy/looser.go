package policy

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// The ways in which a value loosens. Each returns nothing for two values that are the same.

// never is of what allows nothing by itself.
func never[T any](string, T, T) []Change { return nil }

func ifHigher[T cmp.Ordered](path string, old, new T) []Change {
	if new <= old {
		return nil
	}
	return changed(path, old, new)
}

func ifLower[T cmp.Ordered](path string, old, new T) []Change {
	if new >= old {
		return nil
	}
	return changed(path, old, new)
}

func ifTurnedOff(path string, old, new bool) []Change {
	if new || !old {
		return nil
	}
	return changed(path, old, new)
}

// ifAdded is of a list of what is allowed.
func ifAdded[T comparable](path string, old, new []T) (changes []Change) {
	for _, v := range new {
		if !slices.Contains(old, v) {
			changes = append(changes, Change{Path: path, New: fmt.Sprint(v)})
		}
	}
	return changes
}

// ifAddedOrAll is of such a list that allows all if it is empty.
func ifAddedOrAll[T comparable](path string, old, new []T) []Change {
	switch {
	case len(old) == 0:
		return nil
	case len(new) == 0:
		return changed(path, old, "all")
	}
	return ifAdded(path, old, new)
}

// contracts loosens in whatever differs. The list is no list of what is allowed: it says what operations are. Without an
// entry, or with an earlier one about the same contract, an operation goes by another name, such as a swap by that of a
// transfer, which may be allowed where the swap is not.
func contracts(path string, old, new []ton.Vouched) (changes []Change) {
	if slices.Equal(old, new) {
		return nil
	}
	changes = ifAdded(path, old, new)
	for _, c := range ifAdded(path, new, old) {
		changes = append(changes, Change{Path: path, Old: c.New})
	}
	if len(changes) == 0 {
		changes = changed(path, "one order", "another")
	}
	return changes
}

// byID is of what is allowed to some, by their ids.
func byID[V any](loosens func(path string, old, new V) []Change) func(path string, old, new map[string]V) []Change {
	return func(path string, old, new map[string]V) (changes []Change) {
		for _, id := range slices.Sorted(maps.Keys(new)) {
			before, known := old[id]
			if !known {
				changes = append(changes, Change{Path: join(path, id), New: "new"})
				continue
			}
			changes = append(changes, loosens(join(path, id), before, new[id])...)
		}
		return changes
	}
}

// each is of a struct, by its parts.
func each[T any](parts []part[T]) func(path string, old, new T) []Change {
	return func(path string, old, new T) []Change { return compare(path, old, new, parts) }
}

// capability tells nothing of one that is off, whatever else it says.
func capability(path string, old, new Capability) []Change {
	switch {
	case !new.Enabled:
		return nil
	case !old.Enabled:
		return changed(path, "off", "on")
	}
	return compare(path, old, new, capabilityParts)
}

// ifHigherOrNone is of a bound that is none if it is 0.
func ifHigherOrNone[T cmp.Ordered](path string, old, new T) []Change {
	var none T
	switch {
	case old == none:
		return nil
	case new == none:
		return changed(path, old, "none stated")
	}
	return ifHigher(path, old, new)
}

// destinations is of a list that allows all if it is empty, but for what asks for a listed one in any case.
func destinations(path string, old, new Permissions) []Change {
	path = join(path, "allowedDestinations")
	before, after := old.AllowedDestinations, new.AllowedDestinations
	switch {
	case len(before) > 0 && len(after) == 0:
		return changed(path, fmt.Sprint(len(before), " listed"), "all")
	case len(before) == 0 && !(old.Capabilities.wantListed() && new.Capabilities.wantListed()):
		return nil
	}
	return ifAdded(path, before, after)
}

// wantListed reports whether something that is on asks for a listed destination even if none is listed: swaps for whom
// they pay a referral, and what has whitelistOnly.
func (c Capabilities) wantListed() bool {
	for _, kind := range c.byName() {
		if kind.Enabled && kind.WhitelistOnly {
			return true
		}
	}
	return c.Trading.Enabled
}

// Decimals in which amounts are written.
const (
	tonDecimals  = ton.NativeDecimals
	unitDecimals = 0
)

func ifAbove(decimals int) func(path string, old, new ton.Nano) []Change {
	return func(path string, old, new ton.Nano) []Change {
		if new.Cmp(old) <= 0 {
			return nil
		}
		return changed(path, old.Format(decimals), new.Format(decimals))
	}
}

// ifAboveOrNone is of an amount without which nothing is bounded; none says so.
func ifAboveOrNone(decimals int, none string) func(path string, old, new *ton.Nano) []Change {
	return func(path string, old, new *ton.Nano) []Change {
		switch {
		case old == nil:
			return nil
		case new == nil:
			return changed(path, old.Format(decimals), none)
		}
		return ifAbove(decimals)(path, *old, *new)
	}
}

// calendar is of limits that need not be there. In another time zone every day begins at another time.
func calendar(decimals int) func(path string, old, new *Calendar) []Change {
	return func(path string, old, new *Calendar) []Change {
		switch {
		case old == nil:
			return nil
		case new == nil:
			return changed(path, "limited", "not limited")
		case old.Zone.String() != new.Zone.String():
			return changed(join(path, "timeZone"), old.Zone, new.Zone)
		}
		return compare(path, *old, *new, calendarParts(decimals))
	}
}

// bound is a number that may be unlimited.
type bound uint64

func boundOf(n uint32, unlimited bool) bound {
	if unlimited {
		return math.MaxUint64
	}
	return bound(n)
}

func (b bound) String() string {
	if b == math.MaxUint64 {
		return "unlimited"
	}
	return fmt.Sprint(uint64(b))
}

func changed(path string, old, new any) []Change {
	return []Change{{path, fmt.Sprint(old), fmt.Sprint(new)}}
}

// followed is of an agent's strategies: without any, a request need not follow one.
func followed(path string, old, new map[string]Strategy) []Change {
	switch {
	case len(old) == 0:
		return nil
	case len(new) == 0:
		return changed(path, fmt.Sprint(len(old), " to follow"), "none to follow")
	}
	return byID(each(strategyParts))(path, old, new)
}

// mostOf is of what bounds one asset each: one that is not listed is not bounded.
func mostOf(path string, old, new map[string]ton.Nano) (changes []Change) {
	for _, asset := range slices.Sorted(maps.Keys(old)) {
		before, path := old[asset], join(path, asset)
		text := func(n ton.Nano) string { return ton.FormatAmount(asset, n) }
		after, still := new[asset]
		switch {
		case !still:
			changes = append(changes, changed(path, text(before), "none stated")...)
		case after.Cmp(before) > 0:
			changes = append(changes, changed(path, text(before), text(after))...)
		}
	}
	return changes
}

// publishers are of blacklists, which only refuse.
func publishers(path string, old, new map[string][32]byte) (changes []Change) {
	for _, source := range slices.Sorted(maps.Keys(old)) {
		switch key, still := new[source]; {
		case !still:
			changes = append(changes, changed(join(path, source), "taken", "not taken")...)
		case key != old[source]:
			changes = append(changes, changed(join(path, source), "one key", "another")...)
		}
	}
	return changes
}

// feeds loosen in whatever differs: who says what prices do decides what is risky.
func feeds(path string, old, new []Feed) []Change {
	same := slices.EqualFunc(old, new, func(a, b Feed) bool { return reflect.DeepEqual(a, b) })
	if same {
		return nil
	}
	return changed(path, fmt.Sprint(len(old), " feeds"), fmt.Sprint(len(new), " feeds, or others"))
}

func ifEarlier(path string, old, new time.Time) []Change {
	if !new.Before(old) {
		return nil
	}
	return changed(path, moments(old), moments(new))
}

// ifLaterOrNone is of an end that is never if it is zero.
func ifLaterOrNone(path string, old, new time.Time) []Change {
	if old.IsZero() || !new.IsZero() && !new.After(old) {
		return nil
	}
	return changed(path, moments(old), moments(new))
}

func moments(t time.Time) string {
	if t.IsZero() {
		return "none stated"
	}
	return t.Format(time.RFC3339)
}

// enrolments loosen also by coming and going: then another one enrols the agent, for other wallets.
func enrolments(path string, old, new *Enrolment) []Change {
	switch {
	case old == nil && new == nil:
		return nil
	case old == nil:
		return changed(path, "by the operator", "by the policy")
	case new == nil:
		return changed(path, "by the policy", "by the operator")
	}
	return compare(path, *old, *new, enrolmentParts)
}

// asked is of validators: one that is gone, or asked otherwise, may have objected.
func asked(path string, old, new []Validator) (changes []Change) {
	for _, v := range old {
		i := slices.IndexFunc(new, func(o Validator) bool { return o.ID == v.ID })
		switch {
		case i < 0:
			changes = append(changes, changed(join(path, v.ID), "asked", "not asked")...)
		case !reflect.DeepEqual(v, new[i]):
			changes = append(changes, changed(join(path, v.ID), "asked", "asked otherwise")...)
		}
	}
	return changes
}

// risk may be judged by rules although it refuses nothing by itself: then its bounds bind nothing, and all else does.
func risk(path string, old, new Risk) []Change {
	if !old.Enabled {
		old.MaxScore, old.AnomalyThreshold = new.MaxScore, new.AnomalyThreshold
	}
	return compare(path, old, new, riskParts)
}

// weights loosen in whatever differs: what one weighs less another weighs more.
func weights(path string, old, new Risk) []Change {
	text := func(r Risk) string { return fmt.Sprint(r.Transaction, "/", r.Behavioral, "/", r.Market) }
	if text(old) == text(new) {
		return nil
	}
	return changed(join(path, "weights"), text(old), text(new))
}

// rules loosen by a rule that refused and is gone, and by one that allows and is new. A rule that reads otherwise is both;
// its id, name and priority change no outcome. In another time zone every hour is another.
func rules(path string, old, new ruleBook) (changes []Change) {
	if old.zone.String() != new.zone.String() {
		changes = changed("timeZone", old.zone, new.zone)
	}
	before, after := old.meanings(), new.meanings()
	for _, r := range old.rules {
		if _, still := after[r.meaning()]; !still && r.action != Allow {
			changes = append(changes, Change{Path: join(path, r.id), Old: string(r.action)})
		}
	}
	for _, r := range new.rules {
		if _, known := before[r.meaning()]; !known && r.action == Allow {
			changes = append(changes, Change{Path: join(path, r.id), New: string(r.action)})
		}
	}
	return changes
}

// join makes a path; what has no name of its own has its parent's.
func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}
