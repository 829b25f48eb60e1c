package validate

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// SignatureHeader is where the signature over AnswerText stands, in base64.
const SignatureHeader = "Validator-Signature"

// AnswerText is what a validator with a public key signs: this answer to this question, both as they were sent.
func AnswerText(question, answer []byte) []byte {
	return fmt.Appendf(nil, "mpcnode validator answer v1\n%x\n%x\n", sha256.Sum256(question), sha256.Sum256(answer))
}

// answer is the body of a response.
type answer struct {
	Valid      *bool          `json:"valid"`
	Confidence jsontext.Value `json:"confidence"`
	Reasoning  string         `json:"reasoning"`
	Warnings   []string       `json:"warnings"`
	Escalate   bool           `json:"escalate"`
}

// readAnswer reads a body strictly: unknown and duplicate fields, trailing data, and a confidence that is missing or no
// number from 0 to 1 with at most three decimals are errors.
func readAnswer(body []byte) (o guard.Opinion, err error) {
	var a answer
	if err := json.Unmarshal(body, &a, json.RejectUnknownMembers(true)); err != nil {
		return o, fmt.Errorf("the answer is not JSON with valid, confidence, reasoning and warnings: %w", err)
	}
	if a.Valid == nil {
		return o, errors.New("the answer has no field valid")
	}
	confidence, err := policy.ParsePermille(string(a.Confidence))
	if err != nil {
		return o, fmt.Errorf("the answer's confidence: %w", err)
	}
	return guard.Opinion{Valid: *a.Valid, Escalate: a.Escalate, Confidence: uint16(confidence), Reasoning: a.Reasoning, Warnings: a.Warnings}, nil
}

// checkSignature wants an answer signed by key, if there is one.
func checkSignature(key ed25519.PublicKey, h http.Header, question, body []byte) error {
	if key == nil {
		return nil
	}
	values := h.Values(SignatureHeader)
	if len(values) != 1 {
		return fmt.Errorf("the answer has %d headers %s, want one", len(values), SignatureHeader)
	}
	signature, err := base64.StdEncoding.DecodeString(values[0])
	if err != nil || len(signature) != ed25519.SignatureSize || !ed25519.Verify(key, AnswerText(question, body), signature) {
		return errors.New("the answer's signature is not the validator's over this answer to this question")
	}
	return nil
}
