package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// tampered builds the payload of a transfer for the wallet's next message and changes one byte of its destination, with
// the checksum made good again: the bytes decode well and pay somebody else.
func tampered(w ton.Wallet, seqno uint32, to string) ([]byte, error) {
	address, _, err := ton.ParseAddress(to, true)
	if err != nil {
		return nil, err
	}
	amount, err := ton.ParseNano(demoAmount, ton.NativeDecimals)
	if err != nil {
		return nil, err
	}
	payload, err := ton.Build(w, seqno, time.Now().Add(payloadValid),
		[]ton.Transfer{{To: address, Value: amount, Comment: demoMemo}})
	if err != nil {
		return nil, err
	}
	at := bytes.Index(payload, destinationBytes(address))
	if at < 0 {
		return nil, errors.New("tamper: the destination is not where it was expected")
	}
	payload[at] ^= 1
	body := payload[:len(payload)-4] // a bag of cells ends with its CRC32C, little-endian
	binary.LittleEndian.PutUint32(payload[len(body):], crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	return payload, nil
}

// destinationBytes returns the 31 whole bytes of the destination's hash as they stand in a message. There the hash
// begins after 17 bits (block.tlb, int_msg_info: flags 4, source 2, addr_std 3, workchain 8), so every byte holds seven
// bits of one of the hash's bytes and one bit of the next.
func destinationBytes(a ton.Address) []byte {
	shifted := make([]byte, len(a.Hash)-1)
	for i := range shifted {
		shifted[i] = a.Hash[i]<<7 | a.Hash[i+1]>>1
	}
	return shifted
}
