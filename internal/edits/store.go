package edits

import (
	"context"
	"errors"
)

// Store keeps one value: all edits. It is safe for concurrent use.
type Store interface {
	// Load returns the value and its version. The version is empty, and the value nil, if nothing is stored. If the version is the known one, the value is
	// nil. The error is ErrDamaged, or says why the store cannot be read.
	Load(ctx context.Context, known string) (value []byte, version string, err error)
	// Save replaces the value if its version is still was, and returns the new version. The error is ErrMoved if it is not, ErrNotSent if nothing can have
	// been stored, and any other if it is unknown whether the value was stored.
	Save(ctx context.Context, was string, value []byte) (version string, err error)
	// Check returns an error that says what to do if the store may lose what it keeps.
	Check(ctx context.Context) error
	// Changed receives a value when another replica may have saved; nil if there are no other replicas.
	Changed() <-chan struct{}
}

var (
	// ErrMoved says that another replica has saved meanwhile.
	ErrMoved = errors.New("another replica has changed the identity edits meanwhile")
	// ErrNotSent says that a value was not stored, for certain.
	ErrNotSent = errors.New("the identity edits were not stored")
)
