package credential

import (
	"context"
	"errors"
)

var (
	// ErrDamaged reports that the stored data cannot be read: it is cut off, changed, or encrypted with another key.
	ErrDamaged = errors.New("what is stored cannot be read")
	// ErrChanged reports that the stored data is no longer the data that was loaded.
	ErrChanged = errors.New("it has changed meanwhile")
)

// Store keeps small secrets durably, by name. Its errors contain no stored data, so their texts may be shown.
type Store interface {
	// Check returns the reason if saved data would not be durable, and nil if it would be.
	Check(ctx context.Context) error
	// Load returns the stored data and its version. Both are empty if nothing is stored. Load returns ErrDamaged if the data cannot be read, and
	// another error if the store cannot be reached.
	Load(ctx context.Context, name string) (data []byte, version string, err error)
	// Save replaces the data that has that version, and returns the new version. When Save returns without an error, the data survives a crash. Save
	// returns ErrChanged if the store has another version.
	Save(ctx context.Context, name, version string, data []byte) (string, error)
	// Lock waits until no other process holds the name. Held reports whether it is certain that no other process holds the lock now. When a process
	// dies, its lock is released at once or soon after.
	Lock(ctx context.Context, name string) (lock Lock, err error)
}

// Lock is the right to renew, held by one process.
type Lock interface {
	Held() bool
	Unlock()
}
