package store

import "errors"

var (
	// ErrClosed is returned by a ledger or vault after Close.
	ErrClosed = errors.New("store is closed")

	// ErrStorage is wrapped when a commit, a sync or an anchor failed. The store takes nothing more; whether the
	// operation is on disk is known after the process has started again.
	ErrStorage = errors.New("storage failed")

	// ErrDiskFull is wrapped when the free space is below the watermark. Nothing was written; the store goes on when
	// there is space again.
	ErrDiskFull = errors.New("disk is full")

	// ErrSealed is wrapped when the directory contradicts itself. It stays shut until its operator has looked.
	ErrSealed = errors.New("sealed")

	// ErrPassphrase is wrapped when the page of file keys does not open.
	ErrPassphrase = errors.New("wrong passphrase")
)
