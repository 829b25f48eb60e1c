package api

import (
	"context"
	"net/http"
	"reflect"

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
func enters(f func(*node.Node, context.Context, []byte) error) binding {
	return func(s *server, op huma.Operation) {
		op.DefaultStatus = http.StatusNoContent
		huma.Register(s.api, op, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			record, err := recordOf(ctx)
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
	var s client.Signed
	if err := json.Unmarshal(callOf(ctx).envelope.Body, &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, &node.Problem{Status: http.StatusBadRequest, Code: "bad_request",
			Detail: `the body must be {"record": "…"}, a signed record in base64: ` + err.Error()}
	}
	return s.Record, nil
}

// operation describes a route to huma.
func operation(r route) huma.Operation {
	op := huma.Operation{OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary}
	for _, role := range r.roles {
		op.Tags = append(op.Tags, string(role))
	}
	return op
}

// describeBody adds the body to the description of a registered route. Huma isn't to know of it: it would read it into a
// buffer that it lends for the time of the call, and a request is worked on after that.
func (s *server) describeBody(r route) {
	if r.takes == nil {
		return
	}
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(r.takes), true, r.id)
	s.api.OpenAPI().Paths[r.path].Post.RequestBody = &huma.RequestBody{Required: true,
		Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}
