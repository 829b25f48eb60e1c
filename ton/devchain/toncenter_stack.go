package devchain

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/tuple"
	"github.com/xssnick/tonutils-go/tvm/vm"
)

// method2 runs a get method.
func (c *Chain) method2(p parameters) (any, error) {
	b, a, s, err := c.account(p)
	if err != nil {
		return nil, err
	}
	stack, err := p.stack()
	if err != nil {
		return nil, err
	}
	out := methodResult{
		Type: "smc.runResult", Stack: []any{}, Exit: lite.ErrCodeContractNotInitialized, Block: blockID2(b.master().id), Last: viewOf(s).last2(),
	}
	if s == nil || s.prepared.State().StateInit == nil {
		return out, nil
	}
	r, err := c.call(b, a, s, stack)
	if err != nil {
		return nil, err
	}
	out.Gas, out.Exit = r.GasUsed, r.ExitCode
	for r.Stack.Len() > 0 {
		v, err := r.Stack.PopAny()
		if err != nil {
			return nil, err
		}
		item, err := stackItem(v)
		if err != nil {
			return nil, err
		}
		out.Stack = append([]any{item}, out.Stack...)
	}
	return out, nil
}

// stack is what a get method starts with: the call's stack, and the method's number, which is given or follows from its
// name.
func (p parameters) stack() (*vm.Stack, error) {
	items, _ := p["stack"].([]any)
	if len(items) > maxArguments {
		return nil, fmt.Errorf("stack: more than %d arguments", maxArguments)
	}
	stack := vm.NewStack()
	for i, item := range items {
		v, err := argument(item)
		if err == nil {
			err = stack.PushAny(v)
		}
		if err != nil {
			return nil, fmt.Errorf("stack: argument %d: %w", i+1, err)
		}
	}
	name := p.text("method")
	id, err := strconv.ParseUint(name, 10, 32)
	if err != nil {
		id = tlb.MethodNameHash(name)
	}
	return stack, stack.PushInt(new(big.Int).SetUint64(id))
}

// argument reads one entry of a stack: ["num", "0x1f"], ["cell", boc], ["tvm.Cell", boc], ["slice", boc] or ["tvm.Slice", boc].
func argument(item any) (any, error) {
	pair, ok := item.([]any)
	if !ok || len(pair) != 2 {
		return nil, errors.New("want a pair of type and value")
	}
	kind, _ := pair[0].(string)
	text := parameters{"value": pair[1]}.text("value")
	if kind == "num" {
		n, ok := new(big.Int).SetString(text, 0)
		if !ok || n.BitLen() > 256 {
			return nil, fmt.Errorf("%q is no number", text)
		}
		return n, nil
	}
	raw, err := decode64(text)
	if err != nil {
		return nil, err
	}
	c, err := cell.FromBOC(raw)
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(strings.TrimPrefix(kind, "tvm.")) {
	case "cell":
		return c, nil
	case "slice":
		return c.BeginParse()
	}
	return nil, fmt.Errorf("type %q is not read", kind)
}

// bytes2 is a cell or slice on a stack.
type bytes2 struct {
	Type  string `json:"@type,omitempty"`
	Bytes string `json:"bytes"`
}

type elements2 struct {
	Type     string `json:"@type"`
	Elements []any  `json:"elements"`
}

// stackItem writes one entry of a result, as argument reads it, with tuples and null besides.
func stackItem(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return []any{"list", elements2{"tvm.list", []any{}}}, nil
	case *big.Int:
		return []any{"num", hexNumber(v)}, nil
	case *cell.Cell:
		return []any{"cell", bytes2{Bytes: b64BoC(v)}}, nil
	case *cell.Slice:
		c, err := v.ToCell()
		return []any{"slice", bytes2{Bytes: b64BoC(c)}}, err
	case tuple.Tuple:
		elements, err := tupleElements(v)
		return []any{"tuple", elements}, err
	}
	return nil, fmt.Errorf("result has a %T, which is not written", v)
}

func hexNumber(n *big.Int) string {
	if n.Sign() < 0 {
		return "-0x" + new(big.Int).Neg(n).Text(16)
	}
	return "0x" + n.Text(16)
}

// tupleElements writes what is in a tuple, in the longer form that the API has there.
func tupleElements(t tuple.Tuple) (elements2, error) {
	out := elements2{"tvm.tuple", []any{}}
	for i := range t.Len() {
		v, err := t.Index(i)
		if err != nil {
			return out, err
		}
		e, err := tupleElement(v)
		if err != nil {
			return out, err
		}
		out.Elements = append(out.Elements, e)
	}
	return out, nil
}

func tupleElement(v any) (any, error) {
	entry := func(kind, field string, value any) any {
		return map[string]any{"@type": "tvm.stackEntry" + kind, field: value}
	}
	switch v := v.(type) {
	case nil:
		return entry("List", "list", elements2{"tvm.list", []any{}}), nil
	case *big.Int:
		return entry("Number", "number", map[string]string{"@type": "tvm.numberDecimal", "number": v.String()}), nil
	case *cell.Cell:
		return entry("Cell", "cell", bytes2{"tvm.cell", b64BoC(v)}), nil
	case *cell.Slice:
		c, err := v.ToCell()
		return entry("Slice", "slice", bytes2{"tvm.slice", b64BoC(c)}), err
	case tuple.Tuple:
		inner, err := tupleElements(v)
		return entry("Tuple", "tuple", inner), err
	}
	return nil, fmt.Errorf("result has a %T, which is not written", v)
}
