// Command devchain is a dev chain alone, for clients that were written elsewhere. It prints how to reach it as one line of
// JSON. Every line on standard input, an address and an amount in TON, funds that address, and is answered by a line "ok".
// It ends when standard input does.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

// globalID is mainnet's, whose addresses other programs work out by default.
const globalID = -239

// reach is the first line. Its names are stable.
type reach struct {
	Liteserver string `json:"liteserver"` // host:port
	Key        []byte `json:"key"`        // of the liteserver
	Toncenter  string `json:"toncenter"`  // URL
	Init       block  `json:"init"`       // that proofs start from
	GlobalID   int32  `json:"global_id"`
}

type block struct {
	Seqno uint32 `json:"seqno"`
	Root  []byte `json:"root_hash"`
	File  []byte `json:"file_hash"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "devchain:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) (err error) {
	c, err := devchain.New(devchain.Config{GlobalID: globalID, BlockEvery: devchain.DefaultBlockEvery})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	lite, err := c.Serve("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lite.Close()) }()
	http, err := c.ServeToncenter("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, http.Close()) }()
	first := c.InitBlock()
	err = json.NewEncoder(out).Encode(reach{lite.Addr, lite.PublicKey, http.URL, block{first.SeqNo, first.RootHash, first.FileHash}, globalID})
	if err != nil {
		return err
	}
	return fund(c, bufio.NewScanner(in), out)
}

func fund(c *devchain.Chain, lines *bufio.Scanner, out io.Writer) error {
	for lines.Scan() {
		var address, amount string
		if _, err := fmt.Sscan(lines.Text(), &address, &amount); err != nil {
			return fmt.Errorf("want an address and an amount: %w", err)
		}
		a, _, err := ton.ParseAddress(address, false)
		if err != nil {
			return err
		}
		v, err := ton.ParseNano(amount, ton.NativeDecimals)
		if err != nil {
			return err
		}
		if err := c.Fund(a, v); err != nil {
			return err
		}
		fmt.Fprintln(out, "ok")
	}
	return lines.Err()
}
