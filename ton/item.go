package ton

import "math/big"

// Item is what an NFT item says about itself (TEP-62 get_nft_data).
type Item struct {
	Index      *big.Int
	Collection Address // zero: it says that it has none
	Owner      Address // zero: nobody
}

// ReadItem reads what get_nft_data leaves. It is an error when the item isn't there yet.
func ReadItem(top []any) (i Item, err error) {
	r := ReadResults(top)
	made := r.Bool()
	i.Index, i.Collection, i.Owner = r.Int(), r.Address(), r.Address()
	if !made {
		r.fail("the item is not initialized")
	}
	return i, r.Err()
}
