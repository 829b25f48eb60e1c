package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Decode is Document.Decode for a part of a document. A type that reads itself (yaml.NodeUnmarshaler) calls it for its
// fields and returns the mistakes as its error.
func Decode(n ast.Node, into any) Mistakes {
	return decode(n, reflect.ValueOf(into).Elem(), "")
}

// decode fills v, struct by struct, so that one mistake doesn't hide the next.
func decode(n ast.Node, v reflect.Value, path string) Mistakes {
	if _, empty := n.(*ast.NullNode); empty {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return decode(n, v.Elem(), path)
	}
	if readsItself(v.Addr()) {
		return scalar(n, v, path)
	}
	switch v.Kind() {
	case reflect.Struct:
		return structure(n, v, path)
	case reflect.Map:
		return mapping(n, v, path)
	case reflect.Slice:
		return sequence(n, v, path)
	}
	return scalar(n, v, path)
}

// readsItself reports whether a pointer's type has a decoder of its own.
func readsItself(p reflect.Value) bool {
	switch p.Interface().(type) {
	case yaml.NodeUnmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

func scalar(n ast.Node, v reflect.Value, path string) Mistakes {
	into := v.Addr().Interface()
	if own, ok := into.(yaml.NodeUnmarshaler); ok {
		if err := own.UnmarshalYAML(n); err != nil {
			return wrongAt(n, path, err)
		}
		return nil
	}
	err := yaml.NodeToValue(n, into, yaml.Strict())
	if err != nil && !readsItself(v.Addr()) {
		return Mistakes{at(n, path, wants(v))} // the library's text names Go's types
	}
	if err != nil {
		return wrongAt(n, path, err)
	}
	return nil
}

// wants says what a value of that type looks like.
func wants(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return "want true or false"
	case v.CanInt():
		return fmt.Sprintf("want a whole number of at most %d bits", v.Type().Bits())
	case v.CanUint():
		return fmt.Sprintf("want a whole number of at most %d bits, not negative", v.Type().Bits())
	}
	return "want text"
}

func structure(n ast.Node, v reflect.Value, path string) (all Mistakes) {
	pairs, err := pairsOf(n, path)
	if err != nil {
		return err
	}
	fields := fieldsOf(v)
	for _, p := range pairs {
		name := p.Key.GetToken().Value
		f, known := fields[name]
		if !known {
			all = append(all, at(p.Key, join(path, name), "unknown field"))
			continue
		}
		all = append(all, decode(p.Value, f, join(path, name))...)
	}
	return all
}

// fieldsOf returns the fields by their keys: those with a yaml tag.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for f, value := range v.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name] = value
		}
	}
	return fields
}

// mapping fills a map with keys of type string.
func mapping(n ast.Node, v reflect.Value, path string) (all Mistakes) {
	pairs, err := pairsOf(n, path)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(pairs)))
	for _, p := range pairs {
		name, one := p.Key.GetToken().Value, reflect.New(v.Type().Elem()).Elem()
		all = append(all, decode(p.Value, one, join(path, name))...)
		v.SetMapIndex(reflect.ValueOf(name), one)
	}
	return all
}

func sequence(n ast.Node, v reflect.Value, path string) (all Mistakes) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return Mistakes{at(n, path, "want a list")}
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, one := range list.Values {
		all = append(all, decode(one, v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
	}
	return all
}

// pairsOf returns the pairs of a mapping; the library has a node of another type for one pair alone.
func pairsOf(n ast.Node, path string) ([]*ast.MappingValueNode, Mistakes) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	}
	return nil, Mistakes{at(n, path, "want fields, such as name: value")}
}
