package wire

// Hello opens a connection between two nodes.
type Hello struct {
	Release  string   `cbor:"1,keyasint"`
	Majors   []int    `cbor:"2,keyasint"` // protocol majors served
	Manifest [32]byte `cbor:"3,keyasint"` // network id
	Clock    int64    `cbor:"4,keyasint"` // unix milliseconds
}

// Heartbeat is sent every second between every pair.
type Heartbeat struct {
	TripSet [32]byte `cbor:"1,keyasint"`
	Clock   int64    `cbor:"2,keyasint"` // unix milliseconds
}
