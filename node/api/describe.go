package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tonaiagent/mpcnode/node"
)

func init() { huma.DefaultArrayNullable = false } // an empty list is [] here

// description is what stands above the routes in /openapi.json. Of huma's own additions none is wanted: no pages that
// load scripts from elsewhere, no links in bodies.
func description() huma.Config {
	c := huma.DefaultConfig("mpcnode", node.Release)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true
	c.Info.Description = "Every call carries an HTTP message signature (RFC 9421): label sig1, Ed25519, keyid " +
		"`agent:<id>` or `key:<64 hex>`, over @method and @target-uri, and for POST also over content-digest (RFC 9530, " +
		"sha-256) and idempotency-key. The tags of a call are the roles that may make it. Errors are RFC 9457 problems; " +
		"a refusal by the guard is none: it is the answer."
	return c
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

// describeExceptions adds what the Go types don't show: the second status of send, and that a confidence is a number.
func (s *server) describeExceptions() {
	responses := s.api.OpenAPI().Paths["/v1/requests"].Post.Responses
	responses["202"] = &huma.Response{Description: http.StatusText(http.StatusAccepted), Content: responses["200"].Content}
	s.api.OpenAPI().Components.Schemas.Map()["Context"].Properties["confidence"].Type = huma.TypeNumber
}
