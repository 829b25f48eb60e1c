package guard

import (
	"testing"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// mapTx is a ledger that keeps no audit log.
type mapTx map[Key][]byte

func (m mapTx) Get(k Key) ([]byte, error) { return m[k], nil }
func (m mapTx) Set(k Key, v []byte)       { m[k] = v }
func (m mapTx) Append(audit.Entry) uint64 { return 0 }

// What a release from before New was kept wrote down goes on counting.
func TestOlderLivesAreRead(t *testing.T) {
	tx := mapTx{}
	moves := []Move{{ton.Native, ton.NanoOf(5)}}
	put(tx, keyLives("w"), []lifeV1{{ID: 7, Moves: moves, Until: 99, Carried: true}})
	l, err := readLives(tx, "w")
	if err != nil || len(l) != 1 || l[0].ID != 7 || l[0].Until != 99 || !l[0].Carried || l[0].Moves[0] != moves[0] || l[0].New != moves[0].Amount {
		t.Errorf("%+v, %v", l, err)
	}
	l.write(tx, "w")
	if again, err := readLives(tx, "w"); err != nil || len(again) != 1 || again[0].New != moves[0].Amount {
		t.Errorf("%+v, %v", again, err)
	}
	tx.Set(keyLives("w"), []byte{recordVersion, 0x81, 0x01})
	if _, err := readLives(tx, "w"); err == nil {
		t.Error("a damaged record was read")
	}
}
