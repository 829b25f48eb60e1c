package main

import (
	"bytes"
	"encoding/csv"
	"fmt"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	maxPayments     = 255       // of one request
	maxPaymentsFile = 320 << 10 // bytes: as many with the longest memo
)

// readPayments reads a batch: a line of destination, amount and memo, which may be left out, for each payment (RFC 4180).
func readPayments(path, asset string) (all []client.Payment, err error) {
	raw, err := readSmall(path, maxPaymentsFile)
	if err != nil {
		return nil, wrong("payments", err)
	}
	r := csv.NewReader(bytes.NewReader(raw))
	r.FieldsPerRecord, r.Comment, r.TrimLeadingSpace = -1, '#', true
	lines, err := r.ReadAll()
	if err != nil {
		return nil, wrong("payments", fmt.Errorf("%s: %w", path, err))
	}
	if len(lines) < 1 || len(lines) > maxPayments {
		return nil, wrong("payments", fmt.Errorf("%s has %d payments, want 1 to %d", path, len(lines), maxPayments))
	}
	for n, fields := range lines {
		p, err := readLine(fields, asset)
		if err != nil {
			return nil, wrong("payments", fmt.Errorf("%s: payment %d: %w", path, n+1, err))
		}
		all = append(all, p)
	}
	return all, nil
}

func readLine(fields []string, asset string) (p client.Payment, err error) {
	if len(fields) != 2 && len(fields) != 3 {
		return p, fmt.Errorf("%d fields, want destination, amount and perhaps a memo", len(fields))
	}
	p.Destination, p.Amount = fields[0], fields[1]
	if len(fields) == 3 {
		p.Memo = fields[2]
	}
	if _, _, err := ton.ParseAddress(p.Destination, true); err != nil {
		return p, err
	}
	_, err = ton.ParseAmount(asset, p.Amount)
	return p, err
}
