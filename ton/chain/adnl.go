package chain

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/xssnick/tonutils-go/adnl/keys"
	"github.com/xssnick/tonutils-go/tl"
)

// An ADNL connection over TCP (ton-blockchain/ton, adnl/adnl-ext-connection.cpp): the client sends the server's key id,
// a key of its own and 160 encrypted bytes, from which both take the keys of two AES-CTR streams. A packet is its size,
// a nonce of 32 bytes, the content, and the SHA-256 of both. The library's own client is not used: it reads answers on a
// goroutine of its own, and there are answers that panic it there (tl.executeParse, v1.18.0).

const (
	packetNonce = 32
	packetSum   = sha256.Size
	streamSeed  = 160 // random bytes of a handshake
	usualPacket = 8 << 10
)

// streams are the two directions of a connection.
type streams struct {
	in, out cipher.Stream
}

// shake opens the streams: it sends the handshake and waits for the empty packet that answers it.
func shake(tcp net.Conn, server Liteserver) (*streams, error) {
	seed := make([]byte, streamSeed)
	if _, err := rand.Read(seed); err != nil {
		return nil, err
	}
	s, err := streamsOf(seed)
	if err != nil {
		return nil, err
	}
	hello, err := handshake(seed, server)
	if err != nil {
		return nil, err
	}
	if _, err := tcp.Write(hello); err != nil {
		return nil, err
	}
	content, err := s.receive(tcp)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if len(content) != 0 {
		return nil, errors.New("handshake: answer is not empty")
	}
	return s, nil
}

func streamsOf(seed []byte) (*streams, error) {
	in, err := keys.NewCipherCtr(seed[:32], seed[64:80])
	if err != nil {
		return nil, err
	}
	out, err := keys.NewCipherCtr(seed[32:64], seed[80:96])
	return &streams{in, out}, err
}

// handshake encrypts the seed to the server's key.
func handshake(seed []byte, server Liteserver) ([]byte, error) {
	theirs, err := base64.StdEncoding.DecodeString(server.Key)
	if err != nil {
		return nil, err
	}
	ours, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	id, err := tl.Hash(keys.PublicKeyED25519{Key: theirs})
	if err != nil {
		return nil, err
	}
	shared, err := keys.SharedKey(private, theirs)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(seed)
	stream, err := keys.NewCipherCtr(slices.Concat(shared[:16], sum[16:]), slices.Concat(sum[:4], shared[20:32]))
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, len(seed))
	stream.XORKeyStream(sealed, seed)
	return slices.Concat(id, ours, sum[:], sealed), nil
}

// receive reads one packet and returns its content.
func (s *streams) receive(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	s.in.XORKeyStream(size[:], size[:])
	n := binary.LittleEndian.Uint32(size[:])
	if n < packetNonce+packetSum || n > maxPacket {
		return nil, fmt.Errorf("packet of %d bytes, at most %d are read", n, maxPacket)
	}
	// The buffer grows with what arrives, so that a size alone takes little memory.
	var packet bytes.Buffer
	packet.Grow(min(int(n), usualPacket) + bytes.MinRead)
	if got, err := io.CopyN(&packet, from, int64(n)); err != nil {
		return nil, fmt.Errorf("packet ends after %d of %d bytes: %w", got, n, err)
	}
	b := packet.Bytes()
	s.in.XORKeyStream(b, b)
	if sum := sha256.Sum256(b[:n-packetSum]); !bytes.Equal(sum[:], b[n-packetSum:]) {
		return nil, errors.New("packet is damaged")
	}
	return b[packetNonce : n-packetSum], nil
}

// send writes one packet.
func (s *streams) send(to net.Conn, content []byte) error {
	packet := make([]byte, 4+packetNonce, 4+packetNonce+len(content)+packetSum)
	binary.LittleEndian.PutUint32(packet, uint32(packetNonce+len(content)+packetSum))
	if _, err := rand.Read(packet[4:]); err != nil {
		return err
	}
	packet = append(packet, content...)
	sum := sha256.Sum256(packet[4:])
	packet = append(packet, sum[:]...)
	s.out.XORKeyStream(packet, packet)
	if err := to.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := to.Write(packet)
	return err
}

// open connects to a liteserver within ctx.
func open(ctx context.Context, l Liteserver) (*conn, error) {
	tcp, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr)
	if err != nil {
		return nil, err
	}
	// A read under way doesn't see ctx, the deadline ends it.
	defer context.AfterFunc(ctx, func() { tcp.SetDeadline(time.Unix(1, 0)) })()
	s, err := shake(tcp, l)
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	return newConn(l, tcp, s), nil
}
