package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	// chunkRows and chunkBytes bound what one call brings: as many rows as a node takes in at once, in a body that it reads.
	chunkRows  = 500
	chunkBytes = 80 << 10

	// maxRowLine bounds a line of a list, in bytes: an address, a severity and a reason are below 300.
	maxRowLine = 1024
)

func (t *tool) blacklistImport() *cobra.Command {
	c := verb("import FILE", "Bring a list that its publisher signed to the nodes", func(ctx context.Context, args []string) error {
		return each(ctx, t, func(ctx context.Context, s *site) (client.ListProgress, error) { return t.importList(ctx, s, args[0]) },
			func(w io.Writer, p client.ListProgress) { line(w, "in force", p.Complete, "rows", p.Rows) })
	})
	c.Long = "import brings a published list. The policy of each node names the publisher and its key (lists). The list before stays in force until all\n" +
		"of the new one is in; an import that was interrupted goes on where it ended."
	return c
}

// importList brings a list from its file, from where the node has it already.
func (t *tool) importList(ctx context.Context, s *site, path string) (p client.ListProgress, err error) {
	f, err := os.Open(path)
	if err != nil {
		return p, fmt.Errorf("read list: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, maxRowLine)
	header, h, err := readHeader(r)
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	if p, err = s.bring(ctx, client.ListChunk{Header: header}); err != nil || p.Complete {
		return p, err
	}
	for range p.Rows {
		if _, err := r.ReadSlice('\n'); err != nil {
			return p, fmt.Errorf("%s: read a row: %w", path, err)
		}
	}
	for !p.Complete {
		rows, n, err := nextRows(r)
		if err == nil && n == 0 {
			err = fmt.Errorf("ends after %d rows of %d", p.Rows, h.Count)
		}
		if err != nil {
			return p, fmt.Errorf("%s: %w", path, err)
		}
		want := p.Rows + n
		if p, err = s.bring(ctx, client.ListChunk{Header: header, First: p.Rows, Rows: rows}); err != nil {
			return p, err
		}
		if p.Rows != want {
			return p, hinted(errors.New("somebody else imports this list too"), "once that has ended, try again")
		}
		if p.Rows%100_000 == 0 {
			t.ui.say("%s: %d of %d rows", s.Name, p.Rows, h.Count)
		}
	}
	return p, nil
}

// bring hands in one chunk; when the node has had enough for the moment, a little later.
func (s *site) bring(ctx context.Context, c client.ListChunk) (p client.ListProgress, err error) {
	err = poll(ctx, time.Second, func() (bool, error) {
		err := s.post(ctx, "/v1/blacklist/import", c, &p)
		if problem := new(client.Problem); errors.As(err, &problem) && problem.Code == "too_many_calls" {
			return false, nil
		}
		return true, err
	})
	return p, err
}

func readHeader(r *bufio.Reader) (text string, h blacklist.Header, err error) {
	for range blacklist.HeaderLines {
		l, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", h, fmt.Errorf("read the header: %w", err)
		}
		text += string(l)
	}
	h, err = blacklist.ParseHeader(text)
	return text, h, err
}

// nextRows returns as many lines as one call takes. What is wrong with one, the node says.
func nextRows(r *bufio.Reader) (rows string, n uint64, err error) {
	var b strings.Builder
	for size := 0; n < chunkRows && size < chunkBytes-6*maxRowLine; n++ {
		l, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", 0, fmt.Errorf("read a row: %w", err)
		}
		if len(l) == 0 {
			break
		}
		escaped, err := json.Marshal(string(l))
		if err != nil {
			return "", 0, fmt.Errorf("encode a row: %w", err)
		}
		size += len(escaped)
		b.Write(l)
	}
	return b.String(), n, nil
}

func (t *tool) blacklistSign() *cobra.Command {
	var source, key, out string
	var sequence uint64
	c := verb("sign FILE", "Make a signed list of rows, for those who publish one", func(_ context.Context, args []string) error {
		publisher, err := readKey(key)
		if err != nil {
			return err
		}
		rows, count, err := readRows(args[0])
		if err != nil {
			return err
		}
		h := blacklist.Header{Source: source, Sequence: sequence, Generated: time.Now().Unix(), Count: count, Rows: sha256.Sum256([]byte(rows))}.Sign(publisher)
		if _, err := blacklist.ParseHeader(h.String()); err != nil {
			return &failure{err, exitUsage, ""}
		}
		if err := writePrivate(out, []byte(h.String()+rows)); err != nil {
			return fmt.Errorf("write list: %w", err)
		}
		return t.ui.result(signedList{out, count}, func(w io.Writer) { line(w, "signed", out, "rows", count) })
	})
	c.Long = "sign reads rows of address, severity and reason with tabs between, the address in any form, and writes the list that\n" +
		"`mpcctl blacklist import` takes. The sequence rises with every list of the source."
	f := c.Flags()
	f.StringVar(&source, "source", "", "the publisher's name, as policies list it")
	f.Uint64Var(&sequence, "sequence", 0, "number of the list, above that of the one before")
	f.StringVar(&key, "key", "", "file with the publisher's key; made by mpcctl keypair")
	f.StringVar(&out, "out", "", "file to write; it is never overwritten")
	return require(c, "source", "sequence", "key", "out")
}

type signedList struct {
	File string `json:"file"`
	Rows uint64 `json:"rows"`
}

// readRows reads rows as people write them, and returns them as a list has them.
func readRows(path string) (rows string, count uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("read rows: %w", err)
	}
	defer f.Close()
	var b strings.Builder
	first := map[ton.Address]uint64{} // the line of each address
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, maxRowLine)
	for scan.Scan() {
		count++
		r, err := readRow(scan.Text())
		if at := first[r.Address]; err == nil && at > 0 {
			err = fmt.Errorf("%s is on line %d already", r.Address, at)
		}
		if err == nil && count > blacklist.MaxRows {
			err = fmt.Errorf("more than %d rows", blacklist.MaxRows)
		}
		if err != nil {
			return "", 0, fmt.Errorf("%s:%d: %w", path, count, err)
		}
		first[r.Address] = count
		b.WriteString(r.String())
	}
	if err := scan.Err(); err != nil {
		return "", 0, fmt.Errorf("%s:%d: %w", path, count+1, err)
	}
	return b.String(), count, nil
}

func readRow(text string) (blacklist.Row, error) {
	address, rest, _ := strings.Cut(text, "\t")
	a, _, err := ton.ParseAddress(address, true)
	if err != nil {
		return blacklist.Row{}, err
	}
	return blacklist.ParseRow(a.String() + "\t" + rest)
}
