package chain

import (
	"context"
	"errors"
	"fmt"

	lite "github.com/xssnick/tonutils-go/ton"
)

// Send gives a signed external message, as a BoC of at most 64 KiB, to a liteserver. No error means that the account
// would accept it now, not that it is executed: its transaction says that. The same message may be sent again.
func (c *Client) Send(ctx context.Context, externalBoC []byte) error {
	if len(externalBoC) > maxExternal {
		return fmt.Errorf("send message: it has %d bytes, at most %d are allowed", len(externalBoC), maxExternal)
	}
	_, err := ask(ctx, c, wait{}, lite.SendMessage{Body: externalBoC}, func(s lite.SendMessageStatus) (struct{}, error) {
		if s.Status != 1 {
			return struct{}{}, fmt.Errorf("status of the message is %d, not 1", s.Status)
		}
		return struct{}{}, nil
	})
	if s, ok := errors.AsType[*serverError](err); ok && s.code == codeNone {
		return fmt.Errorf("send message: %w: %w", ErrRejected, s)
	}
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}
