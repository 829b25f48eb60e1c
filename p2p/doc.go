// Package p2p is the network between the parties: few hosts, each pinned by its ed25519 key, each pair joined by one
// long-lived link. It carries opaque bytes in three ways: calls (request and reply), sessions (ordered frames between
// several parties under one 32-byte id) and a heartbeat. What the bytes mean is its user's business, who declares the
// kinds of frames with their caps.
//
// Open a host on one of two networks with the same contract: TCP (libp2p: TCP, Noise, yamux) or one made by NewMemory
// (in process, with faults to order, deterministic under testing/synctest). Everything above the link, which is all
// but two files, is the same code for both.
//
//	host, err := p2p.TCP{}.Open(p2p.Config{Self: "user", Identity: key, Peers: peers, Kinds: kinds, …})
//	reply, err := host.Call(ctx, "platform", kindPropose, body)
//	session, err := host.Join(id, []string{"platform"}, kindTSS)
//
// The sender of everything received is the peer that the link authenticated, never a field of a message.
//
// What it doesn't promise: delivery. A frame that was sent may be lost with the link, and a call that failed with
// ErrPeerDown may have been carried out. A session doesn't outlive the link to any of its parties. Nothing is relayed,
// nothing is discovered: a party that no address is known for dials in, or stays away.
package p2p
