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
	Risk     *Risk             `json:"risk,omitempty"`
	Rules    []RuleResult      `json:"rules,omitempty"`
}

// RuleResult is what one rule of the policy makes of the request.
type RuleResult struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Action  string `json:"action"` // deny, escalate, allow
	Matched bool   `json:"matched"`
	Unmet   string `json:"unmet,omitempty"` // the first condition that doesn't hold
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
	Window string `json:"window"` // transaction, day, week, month, calendar_day, calendar_week, calendar_month
	Before string `json:"before"` // what has left, and what other live payloads may yet send
	After  string `json:"after"`  // with this request
	Limit  string `json:"limit"`
}

// Risk is what the layers of risk and anomaly go by.
type Risk struct {
	Score     float64       `json:"score"` // 0 to 100
	Level     string        `json:"level"` // low, medium, high, critical
	Breakdown RiskBreakdown `json:"breakdown"`
	Factors   []RiskFactor  `json:"factors"`
	Patterns  []RiskPattern `json:"matched_patterns"`
	Anomaly   RiskAnomaly   `json:"anomaly"`
}

// RiskBreakdown are the components of the score, 0 to 100 each.
type RiskBreakdown struct {
	Transaction     float64 `json:"transaction"`
	Behavioral      float64 `json:"behavioral"`
	Market          float64 `json:"market"`
	MarketAvailable bool    `json:"market_available"` // without prices the other two carry its weight
}

// RiskFactor is one thing that makes the transaction risky by itself.
type RiskFactor struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`  // 0 to 1: how far it applies
	Weight float64 `json:"weight"` // 0 to 1
}

// RiskPattern is a pattern of fraud that the request is part of.
type RiskPattern struct {
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence"`         // 0 to 1
	Action     string  `json:"recommended_action"` // block, escalate, alert, flag, monitor
	Details    string  `json:"details"`
}

// RiskAnomaly is how far the request is from what the wallet did before.
type RiskAnomaly struct {
	IsAnomaly bool    `json:"is_anomaly"`
	Type      string  `json:"type,omitempty"`
	Deviation float64 `json:"deviation_score"` // in standard deviations
	Details   string  `json:"details,omitempty"`
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
