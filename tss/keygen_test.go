package tss

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/digest"
)

func TestKeygenGivesOneKeyThatEverySetOfSignersUses(t *testing.T) {
	for n := 2; n <= maxParties; n++ {
		for need := 2; need <= n; need++ {
			t.Run(fmt.Sprintf("%d of %d", need, n), func(t *testing.T) {
				keys := shares(t, need, n)
				public := keys[names[0]].Public()
				for signers := range subsets(names[:n], need) {
					for p, o := range runSign(keys, signers, nil) {
						if o.err != nil || !Verify(public, testHash, o.value) {
							t.Errorf("signers %v: at %s: %v", signers, p, o.err)
						}
					}
				}
			})
		}
	}
}

// subsets yields the subsets of k of list.
func subsets(list []string, k int) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for mask := range 1 << len(list) {
			var s []string
			for i, p := range list {
				if mask>>i&1 == 1 {
					s = append(s, p)
				}
			}
			if len(s) == k && !yield(s) {
				return
			}
		}
	}
}

func TestKeygenResultsAreIdenticalAtAllParties(t *testing.T) {
	got := runKeygen(2, 3, nil)
	first := got[names[0]].value
	c, err := CheckConfirm(first.Confirm)
	if err != nil {
		t.Fatal(err)
	}
	if c.Public != first.Public || c.Session != committee(2, 3, "").Session || c.Need != 2 || !slices.Equal(c.Parties, names[:3]) {
		t.Errorf("confirm body says %+v", c)
	}
	secrets := map[[32]byte]bool{}
	for p, o := range got {
		if o.err != nil {
			t.Fatalf("%s: %v", p, o.err)
		}
		if o.value.Public != first.Public || !bytes.Equal(o.value.Confirm, first.Confirm) {
			t.Errorf("%s has another result than %s", p, names[0])
		}
		if r := o.value.Share.record(); r.ChainCode != first.Share.record().ChainCode || r.ChainCode == [32]byte{} {
			t.Errorf("%s has another chain code than %s", p, names[0])
		}
		secrets[o.value.Share.record().Secret] = true
	}
	if len(secrets) != 3 {
		t.Errorf("%d different secrets, want 3", len(secrets))
	}
}

func TestCommitteeThatNoKeyCanHaveIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Committee)
		want string
	}{
		"need of one":       {func(c *Committee) { c.Need = 1 }, "need 1 of 3"},
		"need above n":      {func(c *Committee) { c.Need = 4 }, "need 4 of 3"},
		"too many parties":  {func(c *Committee) { c.Parties = append(names[:5:5], "f") }, "6 parties, at most 5"},
		"party named twice": {func(c *Committee) { c.Parties = []string{"user", "platform", "user"} }, "named twice"},
		"malformed party":   {func(c *Committee) { c.Parties = []string{"user", "platform", "Backup"} }, "malformed"},
		"self not in it":    {func(c *Committee) { c.Self = "stranger" }, "is not in it"},
		"no self":           {func(c *Committee) { c.Self = "" }, "is not in it"},
		"malformed key":     {func(c *Committee) { c.Key = "../main" }, "key id"},
		"epoch zero":        {func(c *Committee) { c.Epoch = 0 }, "epochs start at 1"},
		"no network":        {func(c *Committee) { c.Network = [32]byte{} }, "no network"},
		"no session":        {func(c *Committee) { c.Session = [32]byte{} }, "no session"},
		"nothing":           {func(c *Committee) { *c = Committee{} }, "no network"},
	} {
		com := committee(2, 3, "user")
		c.edit(&com)
		if _, err := newDKG(com, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
	}
}

func TestShareIDsDependOnEveryTerm(t *testing.T) {
	base := committee(2, 3, "user")
	seen := map[string]string{}
	for name, edit := range map[string]func(*Committee){
		"base":    func(*Committee) {},
		"network": func(c *Committee) { c.Network[0]++ },
		"key":     func(c *Committee) { c.Key = "other" },
		"epoch":   func(c *Committee) { c.Epoch++ },
	} {
		c := base
		edit(&c)
		for _, p := range c.Parties {
			id := string(c.shareID(p).Bytes())
			if other, ok := seen[id]; ok {
				t.Errorf("%s/%s has the share id of %s", name, p, other)
			}
			seen[id] = name + "/" + p
		}
	}
}

// blames fails the test unless err is a Fault of mallory for that reason.
func blames(t *testing.T, who string, err error, reason string) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Party != mallory || !strings.Contains(f.Reason, reason) {
		t.Errorf("%s: got %v, want a fault of %s: …%s…", who, err, mallory, reason)
	}
}

// put makes an edit that replaces one 32-byte field of a body.
func put(i int, with []byte) func(string, []byte) []byte {
	return func(_ string, b []byte) []byte { copy(b[i*fieldSize:], with); return b }
}

func flip(i int) func(string, []byte) []byte {
	return func(_ string, b []byte) []byte { b[i*fieldSize] ^= 1; return b }
}

// In 2 of 3, round 3 is: 0 blinding, 1 and 2 coefficients, 3 alpha, 4 T, 5 reveal, 6 share.
var hostileKeygen = map[string]struct {
	hook   hook
	reason string
}{
	"commitment of 4 MiB":         {body(1, func(string, []byte) []byte { return make([]byte, 4<<20) }), "bytes, want"},
	"empty round 1":               {body(1, func(string, []byte) []byte { return nil }), "bytes, want"},
	"opening without points":      {body(3, func(_ string, b []byte) []byte { return b[:fieldSize] }), "bytes, want"},
	"opening with one point":      {body(3, func(_ string, b []byte) []byte { return slices.Delete(b, 64, 96) }), "bytes, want"},
	"opening with three points":   {body(3, func(_ string, b []byte) []byte { return append(b, b[:32]...) }), "bytes, want"},
	"coefficient off the curve":   {body(3, put(2, offCurve)), "coefficient 1: not a point"},
	"coefficient not canonical":   {body(3, put(1, notCanonical)), "coefficient 0: point is not canonical"},
	"coefficient of low order":    {body(3, put(1, lowOrder)), "coefficient 0: point has low order"},
	"coefficient is the identity": {body(3, put(2, identity.Bytes())), "coefficient 1: point has low order"},
	"coefficient with torsion":    {body(3, put(1, withTorsion)), "outside the prime-order group"},
	"another coefficient":         {body(3, put(2, generator)), "de-commitment"},
	"another blinding":            {body(3, flip(0)), "de-commitment"},
	"blinding zero":               {body(3, put(0, make([]byte, 32))), "ValidateBasic"},
	"alpha off the curve":         {body(3, put(3, offCurve)), "proof: not a point"},
	"alpha of low order":          {body(3, put(3, lowOrder)), "proof: point has low order"},
	"another alpha":               {body(3, put(3, generator)), "schnorr"},
	"T at the group order":        {body(3, put(4, groupOrder)), "proof: scalar is not below"},
	"T zero":                      {body(3, put(4, make([]byte, 32))), "proof: scalar is zero"},
	"another T":                   {body(3, flip(4)), "schnorr"},
	"another reveal":              {body(3, flip(5)), "contribution isn't the committed one"},
	"share at the group order":    {body(3, put(6, groupOrder)), "share: scalar is not below"},
	"share zero":                  {body(3, put(6, make([]byte, 32))), "share: scalar is zero"},
	"another share":               {body(3, flip(6)), "vss verify failed"},
	"other protocol":              {whole(1, rewrite(func(b []byte) { b[0] = byte(protocolSign) })), "another protocol"},
	"other session":               {whole(1, rewrite(func(b []byte) { b[2] ^= 1 })), "another session"},
	"round zero":                  {whole(1, rewrite(func(b []byte) { b[1] = 0 })), "message of round 0"},
	"round five":                  {whole(1, rewrite(func(b []byte) { b[1] = 5 })), "message of round 5"},
	"no header":                   {whole(1, func(string, []byte) [][]byte { return [][]byte{{1, 1}} }), "shorter than its header"},
	"tss-lib's own wire format":   {whole(1, func(string, []byte) [][]byte { return [][]byte{libraryWire} }), "another protocol"},
	"two commitments to each":     {twice(1), "equivocation"},
	"two openings to each":        {twice(3), "equivocation"},
	"a flood of one message": {whole(1, func(_ string, b []byte) [][]byte {
		return slices.Repeat([][]byte{b}, maxFrames+1)
	}), "without end"},
}

func TestHostileMemberOfKeygenIsNamedByAll(t *testing.T) {
	for name, c := range hostileKeygen {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				got := runLiar(consistent(c.hook))
				for _, p := range []string{"user", "platform"} {
					if got[p].value != nil {
						t.Fatalf("%s made a key", p)
					}
					blames(t, p, got[p].err, c.reason)
				}
			})
		})
	}
}

// rewrite edits a copy of each message.
func rewrite(edit func(b []byte)) func(string, []byte) [][]byte {
	return func(_ string, b []byte) [][]byte {
		b = slices.Clone(b)
		edit(b)
		return [][]byte{b}
	}
}

// twice sends a second, different message of a round before the first can be acted on.
func twice(round byte) hook {
	return whole(round, func(_ string, b []byte) [][]byte {
		other := slices.Clone(b)
		other[len(other)-1] ^= 1
		return [][]byte{b, other}
	})
}

func TestEvidenceOfEquivocationIsBothMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var f *Fault
		err := runKeygen(2, 3, twice(1))["user"].err
		if !errors.As(err, &f) || len(f.Evidence) != 2 || bytes.Equal(f.Evidence[0], f.Evidence[1]) {
			t.Errorf("evidence of %v: %x", err, f.Evidence)
		}
	})
}

func TestEvidenceOfOversizedMessageIsCapped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var f *Fault
		err := runKeygen(2, 3, hostileKeygen["commitment of 4 MiB"].hook)["user"].err
		if !errors.As(err, &f) || len(f.Evidence) != 1 || len(f.Evidence[0]) != MaxMessage {
			t.Errorf("%v with %d bytes of evidence", err, len(f.Evidence[0]))
		}
	})
}

// A bad share for one party only: nobody else can see it, and the confirm round keeps the key from being used.
func TestBadShareForOneIsNamedByThatOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := runKeygen(2, 3, body(3, func(to string, b []byte) []byte {
			if to == "user" {
				b[6*fieldSize] ^= 1
			}
			return b
		}))
		blames(t, "user", got["user"].err, "vss verify failed")
		if got["platform"].err != nil {
			t.Errorf("platform: %v", got["platform"].err)
		}
	})
}

func TestHarmlessDisorderIsNoFault(t *testing.T) {
	for name, h := range map[string]hook{
		"every message twice":                     func(_ string, b []byte) [][]byte { return [][]byte{b, b} },
		"a message after the one that follows it": overtaken(),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				for p, o := range runKeygen(2, 3, h) {
					if o.err != nil {
						t.Errorf("%s: %v", p, o.err)
					}
				}
			})
		})
	}
}

// overtaken sends user the echo of round 1 before round 1 itself.
func overtaken() hook {
	var held []byte
	return func(to string, b []byte) [][]byte {
		if to != "user" || b[1] > 2 {
			return [][]byte{b}
		}
		if b[1] == 1 {
			held = b
			return nil
		}
		return [][]byte{b, held}
	}
}

func TestStrangersAndReflectionsArePassedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWires(names[:3])
		for _, from := range []string{"user", "stranger", ""} {
			w.boxes["user"] <- frame{from, []byte("anything")}
		}
		got := all(names[:3], func(p string) (*Generated, error) {
			return Keygen(t.Context(), committee(2, 3, p), w.link(p))
		})
		for p, o := range got {
			if o.err != nil {
				t.Errorf("%s: %v", p, o.err)
			}
		}
	})
}

// Mallory can't open another's commitment as its own: not the polynomial's, nor the one to the chain code.
func TestCopiedContributionIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		commitment   int    // field of round 1 that is copied
		opening      [2]int // fields of round 3 that open it
	}{
		{"polynomial", "schnorr", 0, [2]int{0, 5}},
		{"chain code", "contribution isn't the committed one", 1, [2]int{5, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				seen := map[byte]chan []byte{1: make(chan []byte, 2), 3: make(chan []byte, 2)}
				spy := func(_ string, b []byte) [][]byte {
					if c := seen[b[1]]; c != nil {
						c <- b[headerSize:]
					}
					return [][]byte{b}
				}
				copycat := func(_ string, b []byte) [][]byte {
					b = slices.Clone(b)
					switch b[1] {
					case 1:
						copyFields(b[headerSize:], <-seen[1], c.commitment, c.commitment+1)
					case 3:
						copyFields(b[headerSize:], <-seen[3], c.opening[0], c.opening[1])
					}
					return [][]byte{b}
				}
				l := consistent(copycat)
				w := newWires(names[:3])
				w.hooks["user"], w.hooks[mallory], w.ear = spy, l.speak, l.hear
				got := w.keygen(2, 3)
				for _, p := range []string{"user", "platform"} {
					blames(t, p, got[p].err, c.reason)
				}
			})
		})
	}
}

func copyFields(to, from []byte, i, j int) {
	copy(to[i*fieldSize:j*fieldSize], from[i*fieldSize:j*fieldSize])
}

func TestSilentMembersAreNamedAtTheDeadline(t *testing.T) {
	for round := byte(1); round <= 4; round++ {
		bubble(t, func(t *testing.T) {
			got := runKeygen(2, 3, whole(round, func(string, []byte) [][]byte { return nil }))
			for _, p := range []string{"user", "platform"} {
				var s *Silent
				if !errors.As(got[p].err, &s) || !slices.Equal(s.Parties, []string{mallory}) || s.Round != int(round) {
					t.Errorf("round %d: %s: %v", round, p, got[p].err)
				}
			}
		})
	}
}

func TestEchoDigestsDifferBetweenRounds(t *testing.T) {
	c, err := CheckConfirm(runKeygen(2, 3, nil)["user"].value.Confirm)
	if err != nil {
		t.Fatal(err)
	}
	if c.Broadcasts[0] == c.Broadcasts[1] || c.Broadcasts[0] == [32]byte{} || c.Broadcasts[1] == [32]byte{} {
		t.Errorf("echo digests %x", c.Broadcasts)
	}
	if c.ChainCode == digest.Sum(digest.ChainCode, c.Session, [][]byte{}) {
		t.Error("chain code covers no reveals")
	}
}
