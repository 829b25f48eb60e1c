package main

import (
	"encoding/base64"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
)

// tonConnect is the parameter of TON Connect's sendTransaction (ton-connect/docs, requests-responses.md). A wallet makes
// bytes of its own from it, and broadcasts them itself: the nodes see a payment that the owner made.
type tonConnect struct {
	ValidUntil int64               `json:"valid_until"`
	Network    string              `json:"network"`
	From       string              `json:"from"`
	Messages   []tonConnectMessage `json:"messages"`
}

type tonConnectMessage struct {
	Address   string `json:"address"` // friendly: its tag says whether to bounce
	Amount    string `json:"amount"`  // nanotons
	Payload   string `json:"payload,omitempty"`
	StateInit string `json:"stateInit,omitempty"`
}

func (u unsigned) tonConnect() (c tonConnect, err error) {
	w, t, err := u.read()
	if err != nil {
		return c, err
	}
	out, err := ton.ReadOutgoing(w, u.Payload)
	if err != nil {
		return c, err
	}
	c = tonConnect{ValidUntil: t.ValidUntil.Unix(), Network: strconv.Itoa(int(u.GlobalID)), From: w.Address.String()}
	for _, m := range out {
		c.Messages = append(c.Messages, tonConnectMessage{
			Address: m.To.Friendly(m.Bounce, u.GlobalID == testnetID), Amount: m.Value.Big().String(),
			Payload: base64.StdEncoding.EncodeToString(m.Body), StateInit: base64.StdEncoding.EncodeToString(m.Init),
		})
	}
	return c, nil
}
