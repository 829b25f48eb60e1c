package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// liftFileTime is how long a lift in a file may be handed in: until a person elsewhere has read and signed it.
const liftFileTime = 2 * time.Hour

// maxLiftFile bounds what is read of one: 320 ids and 32 signatures stay below.
const maxLiftFile = 32 << 10

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// liftByFile takes a lift one operator further: it makes the file, or signs what is in it, and hands the lift to the
// selected nodes once operators of two parties have signed.
func (t *tool) liftByFile(ctx context.Context, sites []*site, ids []string, path string) (err error) {
	var l wire.Lift
	if exists(path) {
		l, err = t.readLift(path)
	} else {
		l, err = liftOf(ctx, sites, ids, liftFileTime)
	}
	if err != nil {
		return err
	}
	if l, err = signLift(sites, l); err != nil {
		return err
	}
	if err := writeLift(path, l); err != nil {
		return err
	}
	if !ofTwo(l) {
		return waitingf(fmt.Sprintf("there: mpcctl kill off --file %s; it can be handed in until %s", path, clock(l.Expires)),
			"%s is signed for %s: an operator of another party has to sign it too", path, list(partiesOf(l)))
	}
	return t.handLift(ctx, sites, l, func(string) string { return "its operator runs mpcctl kill off --file " + path })
}

// readLift reads a lift that another operator has signed, and says what it would do.
func (t *tool) readLift(path string) (l wire.Lift, err error) {
	raw, err := readSmall(path, maxLiftFile)
	if err != nil {
		return l, fmt.Errorf("read lift: %w", err)
	}
	var signed client.Signed
	if err = json.Unmarshal(raw, &signed); err == nil {
		err = digest.Decode(signed.Record, &l)
	}
	if err != nil {
		return l, fmt.Errorf("%s is no lift: %w", path, err)
	}
	if !time.Now().Before(l.Expires) {
		return l, hinted(fmt.Errorf("%s has expired at %s", path, clock(l.Expires)), "remove it and make a new one")
	}
	t.ui.say("%s lifts %s; signed for %s", path, list(l.IDs), list(partiesOf(l)))
	return l, nil
}

func writeLift(path string, l wire.Lift) error {
	raw, err := json.Marshal(client.Signed{Record: digest.Encode(l)})
	if err != nil {
		return fmt.Errorf("encode lift: %w", err)
	}
	if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write lift: %w", err)
	}
	return nil
}
