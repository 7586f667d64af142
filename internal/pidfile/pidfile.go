// Package pidfile keeps the process ID of a server in a file, so that others can find the server without its name. It must not depend on any other
// package of the program.
//
// A server locks its file as long as it runs, and the system removes the lock even if the server is killed. So an old file never leads to another
// process that has got the same ID by chance.
package pidfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// ErrNobody reports that no server has the file.
var ErrNobody = errors.New("no running server has written this file: start one with roster serve --pid-file and the same file")

// readable has others than the owner read the ID, which is no secret.
const readable = 0o644

// Write writes the ID of this process to the file, until the returned function is called. It fails if a server that runs has the file.
func Write(path string) (remove func() error, err error) {
	lock := flock.New(path, flock.SetPermissions(readable))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !locked:
		return nil, fmt.Errorf("another running server uses %s: name another file", path)
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), readable); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return func() error { return errors.Join(os.Remove(path), lock.Close()) }, nil
}

// Read returns the process of the server that has the file. The error is ErrNobody if there is none.
func Read(path string) (*os.Process, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNobody
	}
	if errors.Is(err, syscall.EISDIR) {
		return nil, errors.New("is a folder: name the file that roster serve --pid-file has written")
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok { // without the path, which the caller has
		return nil, fmt.Errorf("cannot be read: %w", e.Err)
	}
	if err != nil {
		return nil, err
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || id <= 0 {
		return nil, errors.New("contains no process ID: name the file that roster serve --pid-file has written")
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	switch free, err := lock.TryRLock(); {
	case err != nil:
		return nil, err
	case free:
		return nil, errors.Join(ErrNobody, lock.Close())
	}
	return os.FindProcess(id)
}
