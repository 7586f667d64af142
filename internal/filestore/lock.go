package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked says that another process has the lock, or another part of this one.
var ErrLocked = errors.New("another process has the lock")

// Lock is the lock of one file among processes. The system ends it with its process, however that ends.
type Lock struct{ file *flock.Flock }

// Lock locks a file, which it creates if need be. It waits for the lock until the context ends: the error is then ErrLocked. If the context has ended
// already, it tries once. The file is never removed: a process that opened it just before would lock a file that nobody else sees.
func (d *Dir) Lock(ctx context.Context, name string) (*Lock, error) {
	err := d.in(name, func(root *os.Root) error { _, err := stat(root, name); return err })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, d.unusable("locked", err)
	}
	file := flock.New(filepath.Join(d.path, name), flock.SetPermissions(0o600))
	locked, err := file.TryLock()
	if err == nil && !locked {
		locked, err = file.TryLockContext(ctx, 50*time.Millisecond)
	}
	switch {
	case locked:
		return &Lock{file}, nil
	case errors.Is(err, ctx.Err()): // it has ended
		return nil, ErrLocked
	}
	return nil, d.unusable("locked", err)
}

// Held says that nobody else can have the lock.
func (*Lock) Held() bool { return true }

// Unlock gives the lock back. A second call does nothing.
func (l *Lock) Unlock() { _ = l.file.Close() } // which frees it even if it fails
