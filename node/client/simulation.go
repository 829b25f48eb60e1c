package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Simulation is what would become of a request at one node: to its agent effect and first reason, to operators and auditors of
// that node's party all of it.
type Simulation struct {
	Status
	Fees     string            `json:"fees,omitempty"`     // what the wallet would pay besides the messages' values, in TON
	Messages []SimulatedEffect `json:"messages,omitempty"` // what would leave the wallet
	Limits   []LimitUse        `json:"limits,omitempty"`
}

// SimulatedEffect is one message that emulation sends.
type SimulatedEffect struct {
	To     string `json:"to"`     // raw address
	Amount string `json:"amount"` // coins, in TON
	Bounce bool   `json:"bounce"`
	Deploy bool   `json:"deploy,omitempty"` // it carries the code of its destination
}

// LimitUse is one window of one asset: amounts in whole TON, of a jetton in its smallest unit.
type LimitUse struct {
	Asset  string `json:"asset"`
	Window string `json:"window"` // transaction, day, week, month
	Before string `json:"before"` // what has left, and what other live payloads may yet send
	After  string `json:"after"`  // with this request
	Limit  string `json:"limit"`
}

// Simulate asks what would happen, and signs nothing.
func (c *Client) Simulate(ctx context.Context, r Request, idempotencyKey string) (Simulation, error) {
	return c.simulate(ctx, "/v1/requests:simulate", r, idempotencyKey)
}

// SimulateFor asks as an operator or auditor of the node's party what an agent's request would be told.
func (c *Client) SimulateFor(ctx context.Context, agent string, r Request, idempotencyKey string) (Simulation, error) {
	return c.simulate(ctx, "/v1/requests:simulate?agent="+url.QueryEscape(agent), r, idempotencyKey)
}

func (c *Client) simulate(ctx context.Context, path string, r Request, idempotencyKey string) (s Simulation, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return s, fmt.Errorf("encode request: %w", err)
	}
	return s, c.Do(ctx, http.MethodPost, path, idempotencyKey, body, &s)
}
