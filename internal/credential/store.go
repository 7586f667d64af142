package credential

import (
	"context"
	"errors"
)

var (
	// ErrDamaged says that something is stored and cannot be read: it is cut off, changed, or encrypted with another key.
	ErrDamaged = errors.New("what is stored cannot be read")
	// ErrChanged says that something else is stored than was loaded.
	ErrChanged = errors.New("it has changed meanwhile")
)

// Store keeps small secrets durably, by name. Its errors hold nothing of what is stored, and their texts may be shown.
type Store interface {
	// Check says why what is saved would not be durable; nil where it is.
	Check(ctx context.Context) error
	// Load gives what is stored, and the version that it has. Without anything both are empty. ErrDamaged, or another error where the
	// store is away.
	Load(ctx context.Context, name string) (data []byte, version string, err error)
	// Save stores data in the place of what has that version, and gives the new version. When it returns without an error, data outlives
	// a crash. ErrChanged where something else is there.
	Save(ctx context.Context, name, version string, data []byte) (string, error)
	// Lock waits until nobody else holds the name. Held says whether nobody else can hold it now. A process that dies holds nothing, at
	// once or soon after.
	Lock(ctx context.Context, name string) (lock Lock, err error)
}

// Lock is the right to renew.
type Lock interface {
	Held() bool
	Unlock()
}
