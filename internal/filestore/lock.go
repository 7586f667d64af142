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

// ErrLocked says that another process, or another part of this one, has the lock.
var ErrLocked = errors.New("another process has the lock")

// Lock is a lock of a file, exclusive among processes. The operating system releases it when its process ends.
type Lock struct{ file *flock.Flock }

// Lock locks a file, and creates it if necessary. It waits until the context ends, and then returns ErrLocked. If the context has already ended, it tries
// once. The file is never removed, because a process that has just opened it would then lock a file that no other process sees.
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
	case errors.Is(err, ctx.Err()): // the context has ended
		return nil, ErrLocked
	}
	return nil, d.unusable("locked", err)
}

// Held returns true, because no other process can have the lock.
func (*Lock) Held() bool { return true }

// Unlock releases the lock. A second call does nothing.
func (l *Lock) Unlock() { _ = l.file.Close() } // releases the lock even if it returns an error
