package guard

import (
	"encoding/hex"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
)

// Key names a record of the ledger. Ids contain no slash, so keys of one kind don't run into each other.
//
//	m/time                        window time: the newest proven masterchain time
//	x/<wallet>                    mirror position
//	s/<wallet>/<of>               spending windows: of native coins, or of an own jetton wallet
//	sj/<wallet>                   the jetton wallets of which there are windows
//	xc/<wallet>                   what binds a policy wallet's spender, as last seen
//	n/<wallet>/<seqno>            live request with its payloads, and payloads seen; Highload V3: of that query id
//	lv/<wallet>                   Highload V3: what is live
//	y/<payload>                   one payload: request, effect, state
//	qp/<request id>               what became of a request: counted, used up
//	u/<wallet>, u/<wallet>/<hash> number of unexplained transactions, and each of them
//	r/<agent>                     rate
//	w/<wallet>, wa/<address>      wallets
//	a/<agent>                     agents
//	p/current, p/<hash>           the bundle in force, documents
//	p/pending, p/version          the bundle that waits, the highest version that was taken in
//	p/shadow, p/shadow/document   the bundle that is judged beside the one in force
//	k/open, k/lifted/<id>         trips
//	b/<wallet>/<asset>            statistics of what was paid
//	d/<wallet>/<destination>      when and how often it was paid, and how much while it was new
//	dl/<wallet>/f/<ends>, …/r/…   the first paid address with those ends in friendly and in raw form
//	yp/<payload>                  whom a payload pays, until the chain has shown what became of it
//	kt/<key>/<epoch>/<hash>       key tests
//	bl/<address>/<source>/<gen>   blacklist: what a source says of an address (33 bytes, so that a million rows take little room)
//	be/f/<ends>, be/r/<ends>      a listed address with those ends in friendly and in raw form
//	bs/<source>                   the list in force of a source, and the one that is being imported
//	fd/<feed>/<asset>             last quote of a price feed
//	mk/<asset>                    agreed prices of 30 days
type Key string

const (
	keyTime      Key = "m/time"
	keyPolicy    Key = "p/current"
	keyPending   Key = "p/pending"
	keyVersion   Key = "p/version"
	keyShadow    Key = "p/shadow"
	keyShadowed  Key = "p/shadow/document"
	keyShadows   Key = "p/shadow/revision"
	keyOpenTrips Key = "k/open"
)

// Prefixes for listing.
const (
	PrefixBlacklist   Key = "bl/"
	PrefixWallets     Key = "w/"
	PrefixAgents      Key = "a/"
	PrefixUnexplained Key = "u/"
)

func keyPosition(wallet string) Key                   { return Key("x/" + wallet) }
func keySpend(wallet, of string) Key                  { return Key("s/" + wallet + "/" + of) }
func keyJettons(wallet string) Key                    { return Key("sj/" + wallet) }
func keyTerms(wallet string) Key                      { return Key("xc/" + wallet) }
func keyLives(wallet string) Key                      { return Key("lv/" + wallet) }
func keyStatistics(wallet, of string) Key             { return Key("b/" + wallet + "/" + of) }
func keyDestination(wallet string, a ton.Address) Key { return Key("d/" + wallet + "/" + a.String()) }
func keyPayees(hash [32]byte) Key                     { return Key("yp/" + hex.EncodeToString(hash[:])) }
func keyPayload(hash [32]byte) Key                    { return Key("y/" + hex.EncodeToString(hash[:])) }
func keyRequest(id string) Key                        { return Key("qp/" + id) }
func keyUnexplained(wallet string) Key                { return Key("u/" + wallet) }
func keyRate(agent string) Key                        { return Key("r/" + agent) }
func keyWallet(id string) Key                         { return Key("w/" + id) }
func keyWalletAddress(a ton.Address) Key              { return Key("wa/" + a.String()) }
func keyAgent(id string) Key                          { return Key("a/" + id) }
func keyDocument(hash [32]byte) Key                   { return Key("p/" + hex.EncodeToString(hash[:])) }
func keyLifted(trip string) Key                       { return Key("k/lifted/" + trip) }
func keySource(source string) Key                     { return Key("bs/" + source) }
func keyQuote(feed, asset string) Key                 { return Key("fd/" + feed + "/" + asset) }
func keyPrices(asset string) Key                      { return Key("mk/" + asset) }
func keysLook(wallet string, a ton.Address) [2]Key {
	friendly, raw := a.Ends()
	return [2]Key{Key("dl/" + wallet + "/f/" + friendly), Key("dl/" + wallet + "/r/" + raw)}
}
func keyListed(a ton.Address, source string, generation uint64) Key {
	b, _ := a.MarshalBinary() // never fails
	return PrefixBlacklist + Key(b) + "/" + Key(source+"/"+strconv.FormatUint(generation, 10))
}
func keysAlike(a ton.Address) [2]Key {
	friendly, raw := a.Ends()
	return [2]Key{Key("be/f/" + friendly), Key("be/r/" + raw)}
}
func keySlot(wallet string, n uint32) Key {
	return Key("n/" + wallet + "/" + strconv.FormatUint(uint64(n), 10))
}
func keyUnknown(w string, h [32]byte) Key {
	return keyUnexplained(w) + Key("/"+hex.EncodeToString(h[:]))
}
func keyTestOf(key string, epoch uint32, h [32]byte) Key {
	return Key("kt/" + key + "/" + strconv.FormatUint(uint64(epoch), 10) + "/" + hex.EncodeToString(h[:]))
}
