package guard_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files")

// refusals says, for every reason, what has to be wrong with a case that is allowed otherwise.
var refusals = map[guard.Reason]func(*world, *guard.Case){
	"killed": func(w *world, _ *guard.Case) { w.addTrip(w.trip("backup", kill.Network, kill.Kill, time.Time{})) },
	"paused": func(w *world, _ *guard.Case) {
		w.addTrip(w.trip("user", kill.OfAgent("agent-1"), kill.Pause, w.now.Add(time.Hour)))
	},

	"undecodable":       refused(ton.CodeUndecodable),
	"payload_too_large": refused(ton.CodeTooLarge),
	"exotic_cell":       refused(ton.CodeExoticCell),
	"not_canonical":     refused(ton.CodeNotCanonical),
	"wallet_mismatch":   refused(ton.CodeWallet),
	"wallet_id":         refused(ton.CodeWalletID),
	"no_message":        refused(ton.CodeNoMessage),
	"message_header":    refused(ton.CodeMessageHeader),
	"extra_currency":    refused(ton.CodeExtraCurrency),
	"address":           refused(ton.CodeAddress),
	"comment":           refused(ton.CodeComment),
	"body":              refused(ton.CodeBody),
	"send_mode":         func(_ *world, c *guard.Case) { c.Tx.Messages[0].Mode = 2 },
	"state_init":        func(_ *world, c *guard.Case) { c.Tx.Messages[0].Init = [32]byte{1} },
	"operation_unknown": func(w *world, c *guard.Case) { // some contract that is no wallet
		code := cell.BeginCell().MustStoreUInt(1, 8).EndCell()
		c.Facts[0].Account = w.state(bob, w.shardOf(bob, code, code))
		c.Tx.Messages[0].Bounce = true
	},
	"bounce": func(_ *world, c *guard.Case) {
		c.Intent.Form = ton.FormBounceable
		c.Tx.Messages[0].Bounce, c.Outcome.Messages[0].Bounce = false, false
	},

	"request_missing":     func(_ *world, c *guard.Case) { c.Intent.Agent = "" },
	"request_expired":     func(w *world, c *guard.Case) { c.Intent.Expires = w.now },
	"intent_network":      func(_ *world, c *guard.Case) { c.Intent.Network[0]++ },
	"intent_coordinator":  func(_ *world, c *guard.Case) { c.Intent.Coordinator = "mallory" },
	"intent_wallet":       func(_ *world, c *guard.Case) { c.Tx.Wallet = bob },
	"intent_type":         func(_ *world, c *guard.Case) { c.Intent.Type = "stake" },
	"intent_asset":        func(_ *world, c *guard.Case) { c.Intent.Asset = "jetton:" + bob.String() },
	"intent_amount":       func(_ *world, c *guard.Case) { c.Intent.Amount = ton.NanoOf(1) },
	"intent_destination":  func(_ *world, c *guard.Case) { c.Intent.Destination.Hash[31]++ },
	"intent_memo":         func(_ *world, c *guard.Case) { c.Intent.Memo = "ho" },
	"intent_messages":     func(_ *world, c *guard.Case) { c.Tx.Messages = append(c.Tx.Messages, c.Tx.Messages[0]) },
	"intent_validity":     func(w *world, c *guard.Case) { c.Tx.ValidUntil = w.now.Add(121 * time.Second) },
	"intent_query":        func(w *world, c *guard.Case) { c.Intent.Query = &guard.Query{ID: 7, Created: w.now} },
	"wallet_unknown":      func(_ *world, c *guard.Case) { c.Intent.Wallet = "wallet-2" },
	"agent_unknown":       func(_ *world, c *guard.Case) { c.Intent.Agent = "agent-2" },
	"destination_unknown": func(_ *world, c *guard.Case) { c.Facts[0].Account.Proven = false },
	"agent_suspended": func(w *world, _ *guard.Case) {
		w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 2, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}, Suspended: true})
	},
	"agent_validity": func(w *world, _ *guard.Case) {
		w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 2, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}, NotAfter: w.now.Unix()})
	},
	"agent_wallet": func(w *world, _ *guard.Case) {
		w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 2, PublicKey: pub("agent-1"), Wallets: []string{"wallet-2"}})
	},
	"confidence": func(w *world, c *guard.Case) {
		w.applyPolicy(next("minConfidence: 0.951"))
	},

	"intent_validator":   unheard("intent"),
	"strategy_validator": unheard("strategy"),
	"strategy_unknown":   following("actions: [transfer]", "hedge"),
	"strategy_action":    following("actions: [trade]", "plan"),
	"strategy_validity":  following("actions: [transfer], maxValidity: 59s", "plan"),
	"strategy_amount":    following("actions: [transfer], maxAmounts: {TON: '0.999999999'}", "plan"),
	"blacklisted": func(w *world, _ *guard.Case) {
		w.must(w.setBlacklist(guard.BlacklistRecord{Address: bob, Revision: 1, Severity: blacklist.High, Reason: "scam"}, "user operator"))
	},
	"risk_score": func(w *world, c *guard.Case) {
		*w = *watchedWorld(w.TB, "maxRiskScore: 20")
		*c = w.request("k1", "1")
	},
	"risk_level": func(w *world, c *guard.Case) {
		*w = *watchedWorld(w.TB, "weights: {transaction: 1}")
		w.pay(1, "1")
		w.advance(25 * time.Hour)
		w.coins = "150"
		*c = w.request("k1", "100")
	},
	"rapid_drain": func(w *world, c *guard.Case) {
		*w = *watchedWorld(w.TB, "maxRiskScore: 100")
		*c = w.drain()
	},
	"new_dest_large": func(w *world, c *guard.Case) {
		*w = *watchedWorld(w.TB, "")
		*c = w.request("k1", "25.000000001")
	},
	"anomaly": func(w *world, c *guard.Case) {
		*w = *watchedWorld(w.TB, "")
		w.pay(20, "1")
		w.advance(25 * time.Hour)
		*c = w.request("k1", "2")
	},

	"policy_missing": func(w *world, _ *guard.Case) { w.applyPolicy(replaced("agent-1", "agent-2")) },
	"capability":     func(w *world, _ *guard.Case) { w.applyPolicy(replaced("enabled: true", "enabled: false")) },
	"token_not_allowed": func(w *world, _ *guard.Case) {
		w.applyPolicy(replaced("[TON]", "['jetton:"+bob.String()+"']"))
	},
	"destination_not_allowed": func(w *world, _ *guard.Case) {
		w.applyPolicy(next("allowedDestinations: ['-1:" + strings.Repeat("b0", 32) + "']"))
	},
	"rule": func(w *world, _ *guard.Case) {
		w.applyPolicy(ruledBy("deny", "{field: amount, operator: gte, value: '1'}"))
	},
	"rule_escalates": func(w *world, _ *guard.Case) {
		w.applyPolicy(ruledBy("escalate", "{field: amount, operator: gte, value: '1'}"))
	},
	"rules_only": func(w *world, _ *guard.Case) {
		w.applyPolicy(strings.Replace(ruledBy("allow", "{field: amount, operator: gt, value: '1'}"), "    rate:", "    rulesOnly: true\n    rate:", 1))
	},
	"approval_unavailable": func(w *world, _ *guard.Case) { w.applyPolicy(next("requireApprovalAbove: '0.999999999'")) },
	"approval_above":       func(w *world, _ *guard.Case) { w.applyPolicy(next("requireApprovalAbove: '0.999999999'")) },

	"chain_unavailable": func(_ *world, c *guard.Case) { c.Account.Proven = false },
	"clock_skew":        func(w *world, c *guard.Case) { c.Account.Time = w.now.Add(-61 * time.Second) },
	"mirror_behind":     func(_ *world, c *guard.Case) { c.Account.LastLT++ },
	"account": func(w *world, c *guard.Case) { // the same address, run by another key
		other := w.w.TON()
		other.PublicKey = pub("mallory")
		c.Account = w.state(w.w.Address, w.shardOf(w.w.Address, codeOf(w), dataOf(other)))
		c.Account.LastLT, c.Account.LastHash = w.lt, w.lastHash
	},
	"unexplained": func(w *world, c *guard.Case) {
		w.chain(ton.Executed{External: true, Consumed: true, Success: true, Seqno: w.seqno, Payload: [32]byte{9}})
		*c = w.request("k1", "1")
	},
	"seqno": func(_ *world, c *guard.Case) { c.Tx.Seqno++ },
	"query_used": func(w *world, c *guard.Case) {
		*w = *queryWorld(w.TB)
		w.allow(w.query("k0", 7, "1"))
		*c = w.query("k1", 7, "1")
	},
	"wallet_busy": func(w *world, _ *guard.Case) { w.allow(w.request("k0", "2")) },
	"request_used": func(w *world, c *guard.Case) {
		w.allow(*c)
		w.execute(*c)
		*c = w.payload(c.Intent, time.Minute)
	},
	"request_conflict": func(w *world, c *guard.Case) {
		w.allow(*c)
		*c = w.payload(c.Intent.For("agent-1", "k1", w.body("1", "another body")), time.Minute)
	},
	"payload_used": func(w *world, c *guard.Case) { // the seqno comes back only if the chain is lying; the payload doesn't
		w.allow(*c)
		w.execute(*c)
		w.tx.M["x/wallet-1"] = newWorld(w.TB, permissive).tx.M["x/wallet-1"]
		c.Intent = c.Intent.For("agent-1", "k2", nil)
	},
	"effects_differ": func(w *world, c *guard.Case) {
		w.allow(*c)
		other := c.Intent
		other.Amount = tons(w, "2")
		*c = w.payload(other, time.Minute)
	},
	"too_many_payloads": func(w *world, c *guard.Case) {
		for n := range 4 {
			w.allow(w.payload(c.Intent, time.Duration(61+n)*time.Second))
		}
	},
	"limit_transaction": func(w *world, c *guard.Case) { *c = w.request("k1", "100.000000001") },
	"limit_day":         spend("450", 0, "50.000000001"),
	"limit_week":        spend("1950", 2*24*time.Hour, "50.000000001"),
	"limit_month":       spend("4950", 10*24*time.Hour, "50.000000001"),

	"limit_calendar_day":   inCalendar(`daily: "400"`, 0),
	"limit_calendar_week":  inCalendar(`weekly: "400"`, 2*24*time.Hour),
	"limit_calendar_month": inCalendar(`monthly: "400"`, 9*24*time.Hour),

	"rate_hour":     secondOf("unlimited: true", "maxPerHour: 1"),
	"rate_cooldown": secondOf("cooldownSeconds: 0", "cooldownSeconds: 60"),

	"simulation_missing":  func(_ *world, c *guard.Case) { c.Outcome = nil },
	"simulation_rejected": func(_ *world, c *guard.Case) { c.Outcome.Accepted = false },
	"simulation_failed":   func(_ *world, c *guard.Case) { c.Outcome.ActionExit = 37 },
	"simulation_skipped":  func(_ *world, c *guard.Case) { c.Outcome.Skipped = 1 },
	"simulation_messages": func(_ *world, c *guard.Case) { c.Outcome.Messages[0].Body[0]++ },
	"simulation_seqno":    func(_ *world, c *guard.Case) { c.Outcome.SeqnoAfter++ },
	"simulation_state":    func(_ *world, c *guard.Case) { c.Outcome.DataChanged = true },
	"simulation_outflow":  func(_ *world, c *guard.Case) { c.Outcome.Fees = ton.NanoOf(100_000_001) },
}

func refused(code ton.Code) func(*world, *guard.Case) {
	return func(_ *world, c *guard.Case) {
		c.Tx, c.Outcome, c.Refusal = ton.Transaction{}, nil, &ton.Refusal{Code: code, Reason: "because"}
	}
}

// secondOf makes the case the second request under a changed policy.
func secondOf(old, with string) func(*world, *guard.Case) {
	return func(w *world, c *guard.Case) {
		w.applyPolicy(replaced(old, with))
		w.allow(*c)
		w.execute(*c)
		*c = w.request("k2", "1")
	}
}

// spend lets that much leave the wallet, then time pass, and asks for one amount more.
func spend(sent string, pass time.Duration, amount string) func(*world, *guard.Case) {
	return func(w *world, c *guard.Case) {
		w.chain(ton.Executed{External: true, Out: []ton.Message{{To: bob, Value: tons(w, sent)}}})
		w.advance(pass)
		*c = w.request("k1", amount)
	}
}

// inCalendar lets 350 leave on Monday, 21 September, then time pass, and asks for 50.000000001 under a limit of 400.
func inCalendar(limit string, pass time.Duration) func(*world, *guard.Case) {
	return func(w *world, c *guard.Case) {
		w.applyPolicy(replaced(`monthly: "5000"`, `monthly: "5000", calendar: {timeZone: Europe/Berlin, `+limit+`}`))
		spend("350", pass, "50.000000001")(w, c)
	}
}

// replaced is the second version of the permissive policy, with one text for another.
func replaced(old, with string) string {
	s := strings.Replace(permissive, "version: 1", "version: 2\nparent: "+parentOf(permissive), 1)
	return strings.ReplaceAll(s, old, with)
}

// next is the second version of the permissive policy, with one line more.
func next(line string) string { return replaced("allowedTokens", line+"\n    allowedTokens") }

func codeOf(w *world) *cell.Cell {
	c, err := w.w.TON().StateInit().PeekRef(0)
	w.must(err)
	return c
}

func dataOf(of ton.Wallet) *cell.Cell {
	return cell.BeginCell().MustStoreBoolBit(true).MustStoreUInt(0, 32).MustStoreUInt(uint64(of.ID), 32).
		MustStoreSlice(of.PublicKey[:], 256).MustStoreBoolBit(false).EndCell()
}

func TestEveryReasonIsGivenForItsFault(t *testing.T) {
	for _, reason := range guard.Reasons() {
		if _, elsewhere := operationRefusals[reason]; elsewhere {
			continue // TestEveryReasonOfAnOperationIsGivenForItsFault
		}
		if _, elsewhere := contractRefusals[reason]; elsewhere {
			continue // TestEveryReasonOfAPolicyWalletIsGivenForItsFault
		}
		t.Run(string(reason), func(t *testing.T) {
			fault, ok := refusals[reason]
			if !ok {
				t.Fatal("no case gives this reason")
			}
			w := newWorld(t, permissive)
			c := w.request("k1", "1")
			fault(w, &c)
			w.deny(c, reason)
			if d := w.decide(c); cause(d).Layer != reason.Layer() && d.First().Layer != reason.Layer() {
				t.Errorf("layer %s, catalogue says %s", cause(d).Layer, reason.Layer())
			}
		})
	}
	if cases := len(refusals) + len(contractRefusals) + len(operationRefusals); cases != len(guard.Reasons()) {
		t.Errorf("%d cases for %d reasons", cases, len(guard.Reasons()))
	}
}

func TestReasonsDocument(t *testing.T) {
	const path = "../docs/reasons.md"
	if *rewrite {
		if err := os.WriteFile(path, []byte(guard.ReasonsDocument()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if guard.ReasonsDocument() != string(want) {
		t.Error("docs/reasons.md is not what the catalogue says; run go test ./guard -rewrite")
	}
}

func TestSentencesAreSafeForAgents(t *testing.T) {
	for _, r := range guard.Reasons() {
		s := r.Sentence()
		if !strings.HasSuffix(s, ".") || strings.ContainsAny(s, "%{}") {
			t.Errorf("%s: %q", r, s)
		}
	}
	if guard.Reason("nonsense").Layer() != guard.LayerIntent || guard.Reason("nonsense").Sentence() == "" {
		t.Error("an unknown code")
	}
}
