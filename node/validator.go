package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/validate"
)

// ValidationRequest is what a validator is asked about.
type ValidationRequest = validate.Request

// IntentValidator says whether what an agent wants, and says of it, makes sense (layer 1). The policy names it among its
// validators, with a URL, or with the id under which it was built into the node by Env.
type IntentValidator interface {
	// Validate gives an opinion until ctx ends, at the validator's timeout. An error stands for none. The opinion's
	// Validator, Policy and Err are filled in by the node. It is called from several goroutines.
	Validate(ctx context.Context, r ValidationRequest) (guard.Opinion, error)
}

// StrategyValidator says whether how an agent goes about it is what its strategy does (layer 2).
type StrategyValidator interface {
	// Validate is as that of IntentValidator.
	Validate(ctx context.Context, r ValidationRequest) (guard.Opinion, error)
}

// consult begins to ask every validator that the policy names for the agent of c. The returned function waits for what
// they say, each until its own deadline.
func (n *Node) consult(ctx context.Context, c guard.Case) (heard func() []guard.Opinion) {
	bundle, err := n.bundle(ctx)
	if err != nil {
		n.log.Warn("policy can't be read for its validators", "request", c.Intent.RequestID, "err", err)
		return func() []guard.Opinion { return nil } // the guard refuses without those that it names
	}
	asked := bundle.Validators(c.Intent.Agent)
	opinions, stage := make([]guard.Opinion, len(asked)), n.metrics.stage("validate")
	var asking sync.WaitGroup
	for i, v := range asked {
		q := validate.Describe(n.self, c)
		q.Validator, q.Layer, q.Policy = v.ID, v.Layer, hex.EncodeToString(bundle.Hash[:])
		asking.Go(func() {
			opinions[i] = n.opinion(ctx, v, q)
			opinions[i].Validator, opinions[i].Policy = v.ID, bundle.Hash
		})
	}
	return func() []guard.Opinion {
		asking.Wait()
		stage()
		return opinions
	}
}

// opinion asks one validator. Whatever keeps it from answering stands in the opinion.
func (n *Node) opinion(ctx context.Context, v policy.Validator, q validate.Request) (o guard.Opinion) {
	defer func() {
		if bug := recover(); bug != nil {
			o = guard.Opinion{Err: fmt.Sprintf("it panicked: %v", bug)}
		}
		if o.Err != "" {
			n.log.Warn("validator gave no opinion", "request", q.ID, "validator", v.ID, "err", o.Err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()
	validator, err := n.validator(v)
	if err == nil {
		o, err = validator.Validate(ctx, q)
	}
	if o.Err = ""; err != nil {
		o.Err = err.Error()
	}
	return o
}

// validator returns who is asked. The interfaces differ in what they are for, not in their methods.
func (n *Node) validator(v policy.Validator) (IntentValidator, error) {
	if v.URL != "" {
		return n.validators.Of(v), nil
	}
	if inside, ok := n.env.IntentValidators[v.ID]; ok && v.Layer == policy.IntentLayer {
		return inside, nil
	}
	if inside, ok := n.env.StrategyValidators[v.ID]; ok && v.Layer == policy.StrategyLayer {
		return inside, nil
	}
	return nil, errors.New("the policy gives no url, and no validator of this id and layer is built into this node")
}
