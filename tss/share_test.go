package tss

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/digest"
)

func TestShareSurvivesMarshalling(t *testing.T) {
	s := shares(t, 2, 3)["platform"]
	got, err := ParseShare(s.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Marshal(), s.Marshal()) {
		t.Error("marshalled again, it differs")
	}
	if got.Key() != "main" || got.Epoch() != 1 || got.Party() != "platform" || got.Need() != 2 ||
		!slices.Equal(got.Parties(), names[:3]) || got.Public() != s.Public() {
		t.Errorf("got %s, need %d, parties %v", got, got.Need(), got.Parties())
	}
}

func TestDamagedShareIsRefused(t *testing.T) {
	good := shares(t, 2, 3)["user"]
	other := shares(t, 2, 2)["user"].record()
	for name, c := range map[string]struct {
		edit func(*record)
		want string
	}{
		"newer version":              {func(r *record) { r.Version = 2 }, "version 2"},
		"no network":                 {func(r *record) { r.Network = [32]byte{} }, "no network"},
		"need of one":                {func(r *record) { r.Need = 1 }, "need 1"},
		"another party's":            {func(r *record) { r.Self = "platform" }, "isn't that of the verification share"},
		"secret of another key":      {func(r *record) { r.Secret = other.Secret }, "isn't that of the verification share"},
		"secret zero":                {func(r *record) { r.Secret = [32]byte{} }, "secret: scalar is zero"},
		"secret at the group order":  {func(r *record) { r.Secret = [32]byte(groupOrder) }, "secret: scalar is not below"},
		"public key of low order":    {func(r *record) { r.Public = [32]byte(lowOrder) }, "public key: point has low order"},
		"public key off the curve":   {func(r *record) { r.Public = [32]byte(offCurve) }, "public key: not a point"},
		"verification share missing": {func(r *record) { r.Verification = r.Verification[:2] }, "2 verification shares of 3"},
		"verification share of low order": {
			func(r *record) { r.Verification[2] = [32]byte(lowOrder) }, "verification share 2: point has low order",
		},
	} {
		r := *good.record()
		r.Verification = slices.Clone(r.Verification)
		c.edit(&r)
		_, err := ParseShare(digest.Encode(r))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
	}
}

func TestShareInAnotherEncodingIsRefused(t *testing.T) {
	good := shares(t, 2, 3)["user"].Marshal()
	var fields map[string]any
	if err := digest.Decode(good, &fields); err != nil {
		t.Fatal(err)
	}
	edited := func(k string, v any) []byte {
		m := map[string]any{}
		for k, v := range fields {
			m[k] = v
		}
		m[k] = v
		return digest.Encode(m)
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":       {nil, "EOF"},
		"cut":           {good[:len(good)-1], "unexpected EOF"},
		"trailing byte": {append(slices.Clone(good), 0), "extraneous"},
		"unknown field": {edited("extra", 1), "unknown field"},
		"short array":   {edited("network", []byte{1}), "isn't canonical"}, // CBOR alone pads it to the tests' network
		"too long":      {edited("key", strings.Repeat("k", maxShare)), "at most"},
	} {
		if _, err := ParseShare(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
	}
}

func TestZeroShareRefusesAndDoesNotPanic(t *testing.T) {
	var s Share
	s.Destroy()
	if s.Key() != "" || s.Epoch() != 0 || s.Party() != "" || s.Need() != 0 || s.Parties() != nil || s.Public() != [32]byte{} {
		t.Errorf("the zero share says it is %s", s)
	}
	if _, err := ParseShare(s.Marshal()); err == nil {
		t.Error("the zero share was parsed")
	}
}

func TestDestroyedShareHoldsNoSecret(t *testing.T) {
	b := shares(t, 2, 3)["user"].Marshal()
	s, err := ParseShare(b)
	if err != nil {
		t.Fatal(err)
	}
	secret, chain := slices.Clone(s.d.rec.Secret[:]), slices.Clone(s.d.rec.ChainCode[:])
	same := s
	same.Destroy()
	if left := s.Marshal(); bytes.Contains(left, secret) || bytes.Contains(left, chain) {
		t.Error("a copy of a destroyed share holds the secret")
	}
	if _, err := ParseShare(s.Marshal()); err == nil {
		t.Error("a destroyed share was parsed")
	}
}

func TestSecretsShowInNoOutput(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	h := begun(t, newWires(names[:2]))["user"].value
	g := &Generated{Share: s, Public: s.Public()}
	secrets := [][]byte{s.d.rec.Secret[:], s.d.rec.ChainCode[:], h.own.Bytes()}
	var out bytes.Buffer
	for _, v := range []any{s, &s, h, g, *g, []Share{s}, map[string]any{"share": s, "half": h}, struct{ S Share }{s}, struct{ s Share }{s}, struct{ h *Half }{h}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("v", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("v", "v", v)
		out.Write(digest.Encode(v))
	}
	for _, v := range []fmt.GoStringer{s, h} {
		out.WriteString(v.GoString())
	}
	if !strings.Contains(out.String(), "secret redacted") {
		t.Error("nothing says that something was redacted")
	}
	for i, secret := range secrets {
		for _, form := range forms(secret) {
			if bytes.Contains(bytes.ToLower(out.Bytes()), bytes.ToLower([]byte(form))) {
				t.Errorf("secret %d shows as %q", i, form)
			}
		}
	}
}

func TestSecretTypesShowWhatTheyBelongTo(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	h := begun(t, newWires(names[:2]))["user"].value
	for _, v := range []fmt.Stringer{s, h} {
		text := v.String()
		if !strings.Contains(text, "main") || !strings.Contains(text, "secret redacted") {
			t.Errorf("%T shows as %q", v, text)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); got != text {
				t.Errorf("%T with %s shows as %q", v, verb, got)
			}
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(v); err != nil || !bytes.Equal(got, quoted) {
			t.Errorf("%T in JSON is %s, %v", v, got, err)
		}
		if got := slog.AnyValue(v).Resolve(); got.Kind() != slog.KindString || got.String() != text {
			t.Errorf("%T in a log is %v", v, got)
		}
	}
}

// forms are the ways in which a secret would show.
func forms(secret []byte) []string {
	list := fmt.Sprint(secret)
	commas := strings.ReplaceAll(list[1:len(list)-1], " ", ",")
	return []string{
		string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret),
		list[1 : len(list)-1], commas, bigFromLE(secret).String(), new(big.Int).SetBytes(secret).String(),
		strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"),
	}
}
