// Package lockfile locks files among processes. The system ends a lock with its process, however that ends. The package knows nothing of what the
// files guard.
package lockfile

import (
	"errors"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrTaken says that somebody has the lock: another process, or another part of this one.
var ErrTaken = errors.New("another process has the lock")

// Lock is the lock of one file.
type Lock struct{ file *flock.Flock }

// Take locks a file, which it makes if need be, for its owner's eyes only. It waits for nobody: ErrTaken says that somebody has the lock. Any other error says
// that the file cannot be locked. The file is never removed: one who has opened it just before would lock a file that nobody else sees.
func Take(path string) (*Lock, error) {
	l := &Lock{flock.New(path, flock.SetPermissions(0o600))}
	taken, err := l.file.TryLock()
	if err == nil && !taken {
		err = ErrTaken
	}
	if err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	return l, nil
}

// TakeDir locks a directory that is for one process, by a file of that name in it. The error says what is wrong, and what to do.
func TakeDir(path, name string) (*Lock, error) {
	l, err := Take(filepath.Join(path, name))
	switch {
	case errors.Is(err, ErrTaken):
		return nil, errors.New("another process has the directory; each needs its own, or all of them one redis")
	case err != nil:
		return nil, errors.New("the directory cannot be locked: it must be one that can be written to, on a file system with locks")
	}
	return l, nil
}

// Release gives the lock back. A second call does nothing.
func (l *Lock) Release() error { return l.file.Close() }
