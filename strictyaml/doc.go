// Package strictyaml reads a YAML document that a person wrote, and reports every mistake in it with its place.
//
//	d, err := strictyaml.Parse(raw)            // syntax; the error is of type Mistakes
//	mistakes := d.Decode(&cfg)                 // what doesn't fit the type
//	mistakes = append(mistakes, d.At("api.listen", "want host:port"))
//
// Unknown and repeated keys, anchors, aliases, tags, merge keys and a second document are mistakes. After one in the
// syntax nothing further can be found. Scalars are read by goccy/go-yaml, or by the type's own UnmarshalYAML(ast.Node) or UnmarshalText.
package strictyaml
