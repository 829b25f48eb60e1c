package chain

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"

	"github.com/xssnick/tonutils-go/address"
)

// globalConfig is what is read of a network's global configuration (ton-blockchain.github.io/global.config.json).
type globalConfig struct {
	Liteservers []struct {
		IP   int64 `json:"ip"` // IPv4, as a signed 32-bit number
		Port int   `json:"port"`
		ID   struct {
			Type string `json:"@type"`
			Key  string `json:"key"`
		} `json:"id"`
	} `json:"liteservers"`
	Validator struct {
		InitBlock globalBlock `json:"init_block"`
	} `json:"validator"`
}

type globalBlock struct {
	Workchain int32  `json:"workchain"`
	Shard     int64  `json:"shard"`
	Seqno     uint32 `json:"seqno"`
	RootHash  []byte `json:"root_hash"`
	FileHash  []byte `json:"file_hash"`
}

// ReadGlobalConfig reads a network's global.config.json, of at most 1 MiB: its liteservers, the first 16 of them, and its
// init block as the trusted one; none if that is the zero state, as in files of local networks. The caller adds the
// network's name and global id, and must have the file from somebody it trusts: whoever writes it says which chain is the
// true one.
func ReadGlobalConfig(file []byte) (Config, error) {
	if len(file) > maxGlobalConfig {
		return Config{}, fmt.Errorf("read global config: it has %d bytes, at most %d are read", len(file), maxGlobalConfig)
	}
	var g globalConfig
	if err := json.Unmarshal(file, &g); err != nil {
		return Config{}, fmt.Errorf("read global config: %w", err)
	}
	trusted, err := g.Validator.InitBlock.block()
	if err != nil {
		return Config{}, fmt.Errorf("read global config: init block: %w", err)
	}
	if len(g.Liteservers) == 0 {
		return Config{}, errors.New("read global config: it names no liteservers")
	}
	cfg := Config{Trusted: trusted}
	for i, l := range g.Liteservers[:min(len(g.Liteservers), maxLiteservers)] {
		if l.ID.Type != "pub.ed25519" {
			return Config{}, fmt.Errorf("read global config: liteserver %d has a key of type %q", i, l.ID.Type)
		}
		server, err := liteserver(l.IP, l.Port, l.ID.Key)
		if err != nil {
			return Config{}, fmt.Errorf("read global config: liteserver %d: %w", i, err)
		}
		cfg.Liteservers = append(cfg.Liteservers, server)
	}
	return cfg, nil
}

func liteserver(ip int64, port int, key string) (Liteserver, error) {
	if ip < math.MinInt32 || ip > math.MaxUint32 || ip == 0 {
		return Liteserver{}, fmt.Errorf("address %d is not an IPv4 one", ip)
	}
	if port < 1 || port > math.MaxUint16 {
		return Liteserver{}, fmt.Errorf("port %d is not one", port)
	}
	if b, err := base64.StdEncoding.DecodeString(key); err != nil || len(b) != 32 {
		return Liteserver{}, errors.New("its key is not 32 bytes in base64")
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(ip))
	return Liteserver{net.JoinHostPort(netip.AddrFrom4(b).String(), strconv.Itoa(port)), key}, nil
}

func (b globalBlock) block() (Block, error) {
	switch {
	case b.Workchain != address.MasterchainID || b.Shard != math.MinInt64:
		return Block{}, errors.New("it is not a masterchain block")
	case b.Seqno == 0:
		return Block{}, nil // the zero state: nothing can be proven from it
	case len(b.RootHash) != 32 || len(b.FileHash) != 32:
		return Block{}, errors.New("its hashes are not 32 bytes in base64")
	}
	return Block{b.Seqno, [32]byte(b.RootHash), [32]byte(b.FileHash)}, nil
}
