// Package filestore stores values in the files of one directory. After a crash at any time, a file has its old or its new content, never a part.
//
// It is responsible for replacing, locking, listing, removing and protecting files. A directory that it creates has mode 0700, a file 0600. It does not know
// the meaning of names and contents.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Options describe a directory.
type Options struct {
	For      string                 // the purpose of the directory, for errors: "tokens"
	Prefix   string                 // of temporary files; if several stores use the directory, no prefix begins with another
	LockFile string                 // locked by one process while the directory is open; empty for a directory that processes share
	Durable  bool                   // whether what Put has written survives a crash of the machine; otherwise such a crash can damage a file
	Expired  func(fs.FileInfo) bool // reports whether Open removes a file; may be nil
}

// Dir is a directory. It is safe for concurrent use. If two calls of Put for one name run at the same time, either may be the last.
type Dir struct {
	// Step, if not nil, is called after each step of Put, so that tests can simulate a crash there. Its error makes the step fail.
	Step func(step string) error

	opt  Options
	path string
	lock *Lock // nil for a shared directory, as is root
	root *os.Root
}

const temporaryExt = ".partial"

// ErrNotRegular says that a name belongs to a directory, link, pipe or device. These are not opened, because a pipe could block for ever.
var ErrNotRegular = errors.New("not a regular file")

// Open creates the directory if it does not exist, locks it, removes expired files and the remains of a crash, and checks that it is writable. The error
// says what is wrong and what to do. The errors of this package contain no path.
func Open(path string, opt Options) (d *Dir, err error) {
	d = &Dir{opt: opt, path: path}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, d.unusable("made", err)
	}
	if opt.LockFile != "" {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if d.lock, err = d.Lock(now, opt.LockFile); errors.Is(err, ErrLocked) {
			return nil, errors.New("another process has the directory; each needs its own, or all of them one redis")
		} else if err != nil {
			return nil, err
		}
		if d.root, err = os.OpenRoot(path); err != nil {
			d.lock.Unlock()
			return nil, d.unusable("opened", err)
		}
	}
	d.sweep()
	if err := d.Check(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// At returns a directory without creating, locking or removing anything. Another process may have locked it.
func At(path string, opt Options) *Dir { return &Dir{opt: opt, path: path} }

// Close releases the lock. Later calls fail if there was one.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	defer d.lock.Unlock()
	return d.root.Close()
}

// in calls f with the directory. It fails if the name contains a path. A locked directory stays the same one even if its path changes. A shared directory
// is opened by its path each time, because the other processes do so too.
func (d *Dir) in(name string, f func(*os.Root) error) error {
	if filepath.Base(name) != name {
		return fs.ErrInvalid
	}
	if d.root != nil {
		return f(d.root)
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // the files have been closed already
	return f(root)
}

func stat(root *os.Root, name string) (fs.FileInfo, error) {
	info, err := root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	return info, err
}

// Get returns the content of a file, or nil if there is none. If other users may read the file, Get first removes that permission. The error is
// ErrNotRegular, or says why the file cannot be read.
func (d *Dir) Get(name string) (data []byte, err error) {
	err = d.in(name, func(root *os.Root) error {
		info, err := stat(root, name)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = root.Chmod(name, 0o600)
		}
		if err == nil {
			data, err = root.ReadFile(name)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("a file in the directory for %s cannot be read: %w", d.opt.For, cause(err))
	}
	return data, nil
}

// Remove removes a file. It does nothing if there is none.
func (d *Dir) Remove(name string) error {
	err := d.in(name, func(root *os.Root) error { return root.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return d.unusable("written to", err)
}

// Touch sets the modification time of a file. It fails if the file does not exist.
func (d *Dir) Touch(name string, modified time.Time) error {
	return cause(d.in(name, func(root *os.Root) error { return root.Chtimes(name, time.Time{}, modified) }))
}

// Files lists the regular files, including those of other stores. Files that cannot be listed are left out.
func (d *Dir) Files() (files []fs.FileInfo) {
	_ = d.in(".", func(root *os.Root) error {
		entries, err := fs.ReadDir(root.FS(), ".")
		for _, e := range entries {
			if info, err := stat(root, e.Name()); err == nil {
				files = append(files, info)
			}
		}
		return err
	})
	return files
}

func (d *Dir) sweep() {
	for _, f := range d.Files() {
		name := f.Name()
		temporary := strings.HasPrefix(name, d.opt.Prefix) && strings.HasSuffix(name, temporaryExt)
		left := d.lock != nil || time.Since(f.ModTime()) > time.Hour // another process may still be writing a younger one
		if temporary && left || d.opt.Expired != nil && d.opt.Expired(f) {
			_ = d.Remove(name) // the next Open tries again
		}
	}
}

// AllowsOthers reports whether the mode of a directory or file has one of these bits. On Windows it returns false, because modes have no meaning there.
func AllowsOthers(path string, bits fs.FileMode) bool {
	info, err := os.Stat(path)
	return err == nil && runtime.GOOS != "windows" && info.Mode()&bits != 0
}

func (d *Dir) unusable(to string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the directory for %s cannot be %s (%w): it must be one that this user can write to, with room, on a file system with locks",
		d.opt.For, to, cause(err))
}

// cause returns the cause of a file system error, without the path.
func cause(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	if e := new(os.LinkError); errors.As(err, &e) {
		return e.Err
	}
	return err
}
