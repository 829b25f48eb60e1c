package guard

import (
	"encoding/hex"
	"fmt"
)

// contractCall is an operation that nobody here understands: what is declared are its very bytes.
func (c *comparison) contractCall() {
	field(c, "opcode", fmt.Sprintf("%08x", c.m.Opcode), fmt.Sprintf("%08x", c.i.Opcode))
	field(c, "body_hash", hexOf(c.m.Body), hexOf(c.i.BodyHash))
	c.attached()
}

// deploy is a message that brings code: the destination is its hash.
func (c *comparison) deploy() { field(c, "body_hash", hexOf(c.m.Body), hexOf(c.i.BodyHash)) }

func hexOf(h [32]byte) string { return hex.EncodeToString(h[:]) }
