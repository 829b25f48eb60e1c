package ton

// Outgoing is one message of a payload in the form in which it is handed to another wallet application.
type Outgoing struct {
	To     Address
	Bounce bool
	Value  Nano
	Body   []byte // bag of cells; nil for an empty body
	Init   []byte // bag of cells of its StateInit; nil for none
}

// ReadOutgoing returns what payload sends, in order. It decodes as Decode does, and refuses what that refuses.
func ReadOutgoing(w Wallet, payload []byte) ([]Outgoing, error) {
	if _, err := Decode(w, payload); err != nil {
		return nil, err
	}
	root, err := readCells(payload)
	if err != nil {
		return nil, err
	}
	o, err := layoutOf(w.Version).read(w, root)
	if err != nil {
		return nil, err
	}
	out := make([]Outgoing, len(o.msgs))
	for i, m := range o.msgs {
		out[i] = Outgoing{To: m.To, Bounce: m.Bounce, Value: m.Value}
		if m.body.BitsSize() > 0 || m.body.RefsNum() > 0 {
			out[i].Body = m.body.ToBOC()
		}
		if m.init != nil {
			out[i].Init = m.init.ToBOC()
		}
	}
	return out, nil
}
