// Package store keeps what a party must not lose: the ledger and the vault.
//
// The [Ledger] is badger behind one committer. Operations run one after another, so there are no conflicts and a kill
// and a release have an order; what is queued while a transaction is synced shares the next sync. An operation's writes
// and its audit entries reach the disk together or not at all, and Do returns only after they have.
//
// The [Vault] keeps key shares, each sealed under a key of its own, and opens one for a guard.Permit and for nothing
// else.
//
// A data directory holds
//
//	VERSION          format of everything below
//	LOCK             held by the process that has the directory open, with its pid
//	ledger/          badger
//	log/anchor       a lower bound of the ledger, kept outside it
//	vault/keys       the file keys, sealed under the passphrase
//	vault/<key>.<n>  the share of epoch n, sealed under its file key
//
// and may hold more (identity.key) that is not the store's.
//
// What the anchor proves: when Open succeeds, the ledger has every transaction that was acknowledged up to the moment the
// anchor was written (at most anchorEvery before a crash, the very last one after Close), and the audit log it holds
// is the anchored one with entries added. An older copy of the ledger, a transaction lost to damage, and an edited
// entry among those rehashed are refused with [ErrSealed]. It proves nothing against who replaces ledger and anchor by
// older copies of both: peers that hold later heads find that out.
//
// What the vault does not promise: that overwritten keys leave no trace on a flash disk or a copy-on-write file system,
// or that opened shares leave none in memory.
package store
