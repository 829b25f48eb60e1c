package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// maxSignatureFile bounds what is read of one; it has less than 400 bytes.
const maxSignatureFile = 4 << 10

// policySignature is a policy admin's signature on its way to who applies the policy: one file.
type policySignature struct {
	Network   string `json:"network"`
	Party     string `json:"party"`
	Policy    string `json:"policy"` // hash of the document
	Admin     string `json:"admin"`  // public key, hex
	Signature []byte `json:"signature"`

	admin [32]byte
}

func (t *tool) policySign() *cobra.Command {
	var keyFile, out string
	c := verb("sign FILE", "Sign a policy for another policy admin of the party to apply", func(_ context.Context, args []string) error {
		document, err := readPolicy(args[0])
		if err != nil {
			return err
		}
		s, err := t.site()
		if err != nil {
			return err
		}
		if keyFile == "" {
			keyFile = s.PolicyAdminKeyFile
		}
		key, err := s.key("policy-admin", keyFile)
		if err != nil {
			return err
		}
		signed := s.signPolicy(key, document)
		if out == "" {
			out = args[0] + "." + signed.Admin[:8] + ".sig"
		}
		if err := writePolicySignature(out, signed); err != nil {
			return err
		}
		return t.ui.result(struct {
			File string `json:"file"`
			policySignature
		}{out, signed}, func(w io.Writer) {
			line(w, "file", out)
			line(w, "policy", signed.Policy)
			line(w, "party", signed.Party)
			line(w, "admin", signed.Admin)
		})
	})
	c.Long = "sign writes a signature for the context's network and party into a file. Whoever applies the policy names it:\n" +
		"mpcctl policy apply FILE --signatures FILE.sig. The node isn't asked; mpcctl policy diff FILE shows what the policy would change."
	c.Flags().StringVar(&keyFile, "key", "", "key of the policy admin (default: the context's)")
	c.Flags().StringVar(&out, "out", "", "where the signature goes (default: FILE.<first digits of the public key>.sig)")
	return c
}

func (s *site) signPolicy(key ed25519.PrivateKey, document []byte) policySignature {
	b, hash := wire.PolicySignature(s.network, s.Party, key, document), policy.Hash(document)
	return policySignature{Network: s.Network, Party: s.Party, Policy: hex.EncodeToString(hash[:]),
		Admin: hex.EncodeToString(b.Admin[:]), Signature: b.Signature, admin: b.Admin}
}

func writePolicySignature(path string, signed policySignature) error {
	raw, err := json.Marshal(signed)
	if err != nil {
		return fmt.Errorf("encode signature: %w", err)
	}
	if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write signature: %w", err)
	}
	return nil
}

// readPolicySignatures reads signatures that must be of this document, each for the party of one of the sites.
func readPolicySignatures(paths []string, sites []*site, document []byte) (all []policySignature, err error) {
	for _, path := range paths {
		signed, err := readPolicySignature(path)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(sites, func(s *site) bool { return s.Party == signed.Party && s.Network == signed.Network })
		if i < 0 {
			return nil, hinted(fmt.Errorf("%s is a signature for party %.64q, of which no context is selected", path, signed.Party), "name one with --context")
		}
		if err := signed.check(sites[i].network, document); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, signed)
	}
	return all, nil
}

func readPolicySignature(path string) (signed policySignature, err error) {
	raw, err := readSmall(path, maxSignatureFile)
	if err != nil {
		return signed, fmt.Errorf("read signature: %w", err)
	}
	if err := json.Unmarshal(raw, &signed); err != nil {
		return signed, fmt.Errorf("%s is no signature of a policy: %w", path, err)
	}
	admin, err := hex.DecodeString(signed.Admin)
	if err != nil || len(admin) != len(signed.admin) {
		return signed, fmt.Errorf("%s is no signature of a policy: admin wants 64 hex digits", path)
	}
	signed.admin = [32]byte(admin)
	return signed, nil
}

func (p policySignature) check(network [32]byte, document []byte) error {
	if hash := policy.Hash(document); p.Policy != hex.EncodeToString(hash[:]) {
		return fmt.Errorf("signs another document, %.64s: this one is %x", p.Policy, hash)
	}
	if d := policy.SigningDigest(network, p.Party, document); !ed25519.Verify(p.admin[:], d[:], p.Signature) {
		return fmt.Errorf("the signature of %s does not fit", p.Admin)
	}
	return nil
}
