package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

// binding registers a route's handler.
type binding func(*server, huma.Operation)

// reply is an answer with a body.
type reply[T any] struct {
	Status int
	Body   T
}

func ok[T any](body T) (*reply[T], error) { return &reply[T]{http.StatusOK, body}, nil }

// calls binds a method of the server. In holds the parameters of path, query and header; the body is the call's.
func calls[In, Out any](f func(*server, context.Context, *In) (*reply[Out], error)) binding {
	return func(s *server, op huma.Operation) {
		huma.Register(s.api, op, func(ctx context.Context, in *In) (*reply[Out], error) {
			out, err := f(s, ctx, in)
			if err != nil {
				return nil, s.problem(op.OperationID, err)
			}
			return out, nil
		})
	}
}

// enters binds what takes in a signed record and has nothing to say but that it is in force.
func enters(f func(*node.Node, context.Context, []byte) error) binding { return takes(f, recordOf) }

// takesBody is enters for a body that is itself what was signed.
func takesBody(f func(*node.Node, context.Context, []byte) error) binding {
	return takes(f, func(ctx context.Context) ([]byte, error) { return callOf(ctx).envelope.Body, nil })
}

func takes(f func(*node.Node, context.Context, []byte) error, read func(context.Context) ([]byte, error)) binding {
	return func(s *server, op huma.Operation) {
		op.DefaultStatus = http.StatusNoContent
		huma.Register(s.api, op, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			record, err := read(ctx)
			if err == nil {
				err = f(s.node, ctx, record)
			}
			if err != nil {
				return nil, s.problem(op.OperationID, err)
			}
			return nil, nil
		})
	}
}

// recordOf decodes the body of a call that brings a signed record.
func recordOf(ctx context.Context) ([]byte, error) {
	s, err := bodyOf[client.Signed](ctx, `{"record": "…"}, a signed record in base64`)
	return s.Record, err
}

// bodyOf decodes a body strictly; want says in words what it should have been.
func bodyOf[T any](ctx context.Context, want string) (v T, err error) {
	if err := json.Unmarshal(callOf(ctx).envelope.Body, &v, json.RejectUnknownMembers(true)); err != nil {
		return v, &node.Problem{Status: http.StatusBadRequest, Code: "bad_request", Detail: "the body must be " + want + ": " + err.Error()}
	}
	return v, nil
}
