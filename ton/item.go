package ton

import "math/big"

// Item is what an NFT item says about itself (TEP-62 get_nft_data).
type Item struct {
	Index      *big.Int
	Collection Address // zero: it says that it has none
	Owner      Address
	Err        error // why that can't be read, or that the item isn't there yet
}

// ReadItem reads what get_nft_data leaves.
func ReadItem(top []any) (i Item) {
	r := ReadResults(top, 5)
	made := r.Bool()
	i.Index, i.Collection, i.Owner = r.Int(), r.Address(), r.Address()
	if r.Err() == nil && !made {
		r.fail("the item is not initialized")
	}
	i.Err = r.Err()
	return i
}
