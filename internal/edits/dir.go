package edits

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"roster/internal/filestore"
)

// Dir keeps the edits in a directory, for one process.
type Dir struct {
	files *filestore.Dir
	mu    sync.Mutex
}

var _ Store = (*Dir)(nil)

const fileName = "identity-edits.json"

// OpenDir opens a directory, and creates it for the owner only if it is absent. A second process cannot open it meanwhile. The edits are in one file of
// JSON, which is replaced as a whole: after a crash it has all edits of before or of after.
func OpenDir(path string) (*Dir, error) {
	files, err := filestore.Open(path, filestore.Options{For: "identity edits", Prefix: "identity-", LockFile: "in-use", Durable: true})
	if err != nil {
		return nil, err
	}
	return &Dir{files: files}, nil
}

// Close releases the directory.
func (d *Dir) Close() error { return d.files.Close() }

// Load implements Store.
func (d *Dir) Load(_ context.Context, known string) ([]byte, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	value, version, err := d.load()
	if err == nil && version == known {
		value = nil
	}
	return value, version, err
}

func (d *Dir) load() ([]byte, string, error) {
	value, err := d.files.Get(fileName)
	if err != nil {
		return nil, "", err
	}
	return value, versionOf(value), nil
}

func versionOf(value []byte) string {
	if value == nil {
		return ""
	}
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:16])
}

// Save implements Store. The value is on disk when Save returns.
func (d *Dir) Save(_ context.Context, was string, value []byte) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, version, err := d.load()
	switch {
	case err != nil:
		return "", errors.Join(ErrNotSent, err)
	case version != was:
		return "", ErrMoved
	}
	if err := d.files.Put(fileName, value, time.Time{}); err != nil {
		return "", err // only the last step may have failed, after which the file is new
	}
	return versionOf(value), nil
}

// Check implements Store.
func (*Dir) Check(context.Context) error { return nil }

// Changed implements Store.
func (*Dir) Changed() <-chan struct{} { return nil }
