package ton

// PayloadHash returns what would be signed of a payload: the hash of its root. It reads nothing else.
func PayloadHash(payload []byte) ([32]byte, error) {
	root, err := readCells(payload)
	if err != nil {
		return [32]byte{}, err
	}
	return [32]byte(root.HashKey()), nil
}
