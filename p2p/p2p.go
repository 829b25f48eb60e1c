package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Kind is a type of frame, declared in Config.Kinds by the user of the package. 0 is never a kind.
type Kind uint8

// Limit holds the largest bodies of a kind, in bytes, at most 1 MiB. Request is for what opens a call and for frames of
// a session; Reply is for the answer to a call. They are checked before anything is allocated.
type Limit struct{ Request, Reply int }

// Peer is another party: its name, its pinned key, and where to dial it. A peer without addresses is only accepted.
type Peer struct {
	Party     string
	PublicKey ed25519.PublicKey
	Addrs     []string // multiaddrs /ip4|ip6|dns|dns4|dns6/…/tcp/…, without /p2p; unused in memory
}

// Config says who we are, who the others are, and what is carried. Callbacks run on the package's goroutines; Close
// waits for them, so none may call Close.
type Config struct {
	Self     string             // our party; differs from every peer's
	Identity ed25519.PrivateKey // its public half is what the others have pinned
	Listen   []string           // multiaddrs to listen on, of the same form; none for a party that only dials out
	Peers    []Peer
	Kinds    map[Kind]Limit

	// Hello is shown to each peer on each new link, at most 1 KiB. CheckHello judges the peer's: an error refuses the
	// link, and its text, cut to 512 bytes, is told to the peer. A nil CheckHello is an error of Open.
	Hello      []byte
	CheckHello func(party string, hello []byte) error

	// Heartbeat returns what every heartbeat carries, at most 256 bytes; nil sends empty ones. OnHeartbeat is told what
	// a peer's carried; the newest, if it is slower than they come.
	Heartbeat   func() []byte
	OnHeartbeat func(party string, body []byte)

	// OnPeer is told of every change, in order for each peer, and never at the same time as OnHeartbeat for that peer.
	OnPeer func(party string, up bool)

	// Handle answers a peer's call; ctx ends with the caller's deadline, at most a minute, or with the link. Its error
	// goes back as text, cut to 512 bytes. At most 64 run at a time for a peer. A nil Handle answers all with an error.
	Handle func(ctx context.Context, from string, k Kind, body []byte) ([]byte, error)

	Logger *slog.Logger // nil discards
}

// Network opens hosts that can reach each other.
type Network interface {
	Open(cfg Config) (Host, error)
}

// Host is this party on the network. Its methods may be called from several goroutines.
type Host interface {
	// Call sends a request and returns the reply. Errors: ErrPeerDown when there is no link or it was lost while
	// waiting (the request may have been carried out), ErrBusy when the peer is handling too many, RemoteError when its
	// handler failed, and ctx's own. body must not be changed afterwards; the reply is the caller's.
	Call(ctx context.Context, to string, k Kind, body []byte) ([]byte, error)

	// Join opens the session of that id with the parties in `with`; our own name among them is ignored. An id is joined
	// once. All must be up, else ErrPeerDown. Frames that came before are waiting in the session.
	Join(id [32]byte, with []string, k Kind) (Session, error)

	Peers() []Status // in the order of Config.Peers
	Addrs() []string // the multiaddrs listened on

	// Close ends sessions, calls and links and returns when every goroutine of the host has ended, handlers included.
	Close() error
}

// Session carries frames between the parties that joined the same id. Its methods may be called from several goroutines.
type Session interface {
	// Send queues b for the party and returns without waiting for the network. It fails with ErrQueueFull when the
	// link's queue is full, which loses this frame only, and with ErrPeerDown when the link is lost or was lost at any
	// time since Join. b must not be changed afterwards.
	Send(ctx context.Context, to string, b []byte) error

	// Recv returns the next frame, in order for each sender. What has arrived is returned first; then, if a party of
	// the session has gone down, ErrPeerDown at once. After Close it fails with ErrClosed. b is the caller's.
	Recv(ctx context.Context) (from string, b []byte, err error)

	// Close leaves the session. Frames that come later are dropped.
	Close()
}

// Status is what is known of a peer.
type Status struct {
	Party    string
	Up       bool
	RTT      time.Duration // of the newest heartbeat that was answered; 0 before
	Since    time.Time     // when Up last changed; zero before the first link
	LastSeen time.Time     // when the newest heartbeat came; zero before
}

// ErrPeerDown says that there is no link to the party, or that it was lost.
type ErrPeerDown struct{ Party string }

func (e ErrPeerDown) Error() string { return fmt.Sprintf("peer %s is down", e.Party) }

// RemoteError is what a peer's handler said. The text is the peer's word: quoted, at most 512 bytes.
type RemoteError struct{ Party, Text string }

func (e *RemoteError) Error() string { return fmt.Sprintf("%s answered: %q", e.Party, e.Text) }

var (
	// ErrClosed says that the host or the session was closed on this side.
	ErrClosed = errors.New("closed")
	// ErrBusy says that the peer is handling as many calls as it takes; the call was not carried out.
	ErrBusy = errors.New("peer is busy")
	// ErrQueueFull says that a frame was dropped, because the peer takes them more slowly than they are sent.
	ErrQueueFull = errors.New("send queue is full")
	// ErrTooLarge says that a body exceeds the cap of its kind; nothing was sent.
	ErrTooLarge = errors.New("frame over its cap")
)
