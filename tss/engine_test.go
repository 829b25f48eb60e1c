package tss

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	"github.com/bnb-chain/tss-lib/v2/eddsa/signing"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

func anExchange() *exchange {
	return newExchange(nil, protocolSign, testSession, names[1:2], signSizes...)
}

func TestPanicOfTheLibraryIsAnError(t *testing.T) {
	err := anExchange().enter(func() *lib.Error { panic("index out of range") })
	if err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("got %v", err)
	}
}

func TestNilErrorOfTheLibraryIsNil(t *testing.T) {
	if err := anExchange().enter(func() *lib.Error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestCulpritsOfTheLibraryAreFaults(t *testing.T) {
	cause := errors.New("several:\n\t* cause\n")
	id := func(name string) *lib.PartyID { return lib.NewPartyID(name, "", big.NewInt(1)) }
	for name, c := range map[string]struct {
		culprits []*lib.PartyID
		want     string
	}{
		"one":              {[]*lib.PartyID{id("platform")}, "party platform at fault: several: * cause"},
		"this party too":   {[]*lib.PartyID{id("user"), id("platform")}, "party platform at fault: several: * cause"},
		"this party alone": {[]*lib.PartyID{id("user")}, ""},
		"nobody":           {nil, ""},
	} {
		err := anExchange().enter(func() *lib.Error { return lib.NewError(cause, "task", 1, nil, c.culprits...) })
		var f *Fault
		if errors.As(err, &f) != (c.want != "") || (f != nil && f.Error() != c.want) || (f == nil && !errors.Is(err, cause)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// The message that completes a signature never passes for another, whatever order the library puts them out in.
func TestNextRefusesAnotherType(t *testing.T) {
	out := make(chan lib.Message, 1)
	if _, _, err := next[*signing.SignRound2Message](out); err == nil {
		t.Error("took a message where none is")
	}
	out <- signing.NewSignRound3Message(lib.NewPartyID("a", "", big.NewInt(1)), big.NewInt(1))
	if _, _, err := next[*signing.SignRound2Message](out); err == nil {
		t.Error("took the last message for the one before")
	}
	out <- keygen.NewKGRound1Message(lib.NewPartyID("a", "", big.NewInt(1)), big.NewInt(1))
	if _, _, err := next[*keygen.KGRound1Message](out); err != nil {
		t.Error(err)
	}
}
