package webhook

import (
	"context"
	"errors"
	"time"

	"roster/internal/filestore"
)

// fileExt ends the name of each file.
const fileExt = ".json"

// Files is a Store in a directory, for one process at a time.
type Files struct{ dir *filestore.Dir }

func filesOptions(lock string) filestore.Options {
	return filestore.Options{For: "webhooks", LockFile: lock, Durable: true}
}

// OpenFiles opens the directory, and creates it if necessary. The error says what to do.
func OpenFiles(path string) (*Files, error) {
	dir, err := filestore.Open(path, filesOptions("lock"))
	if err != nil {
		return nil, err
	}
	return &Files{dir}, nil
}

// FilesAt returns the directory for reading, also while another process has it.
func FilesAt(path string) *Files { return &Files{filestore.At(path, filesOptions(""))} }

// Close releases the directory.
func (f *Files) Close() error { return f.dir.Close() }

// Acquire gives the right, because no other process has the directory.
func (f *Files) Acquire(_ context.Context, name string) (Lease, error) {
	return &fileLease{f, name}, nil
}

// Load reads the state of a webhook. What is not a regular file counts as none.
func (f *Files) Load(_ context.Context, name string) ([]byte, error) {
	data, err := f.dir.Get(name + fileExt)
	if errors.Is(err, filestore.ErrNotRegular) {
		return nil, nil //nolint:nilnil // it is not a state
	}
	return data, err
}

type fileLease struct {
	*Files
	name string
}

func (*fileLease) Held() bool { return true }

func (l *fileLease) Save(_ context.Context, state []byte) error {
	if state == nil {
		return l.dir.Remove(l.name + fileExt)
	}
	return l.dir.Put(l.name+fileExt, state, time.Time{})
}

func (*fileLease) Release(context.Context) {}
