package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"time"

	"roster/internal/filestore"
)

const (
	tokensExt = ".tokens"
	lockExt   = ".lock"
	keptFor   = 400 * 24 * time.Hour // after the last renewal: no vendor's refresh token lives longer
)

// Dir is a Store in a directory, which any number of processes may share. Only the owner can read its files.
type Dir struct{ files *filestore.Dir }

// OpenDir opens the directory, and creates it if it is missing.
func OpenDir(path string) (*Dir, error) {
	files, err := filestore.Open(path, filestore.Options{For: "tokens", Prefix: "tokens-", Durable: true, Expired: func(f fs.FileInfo) bool {
		return strings.HasSuffix(f.Name(), tokensExt) && time.Since(f.ModTime()) > keptFor
	}})
	if err != nil {
		return nil, err
	}
	return &Dir{files}, nil
}

// Check verifies the directory: it writes a file and removes it.
func (d *Dir) Check(context.Context) error { return d.files.Check() }

// Load reads the file. If other users may read the file, Load restricts it to the owner.
func (d *Dir) Load(_ context.Context, name string) ([]byte, string, error) {
	data, err := d.files.Get(name + tokensExt)
	switch {
	case errors.Is(err, filestore.ErrNotRegular):
		return nil, "", ErrDamaged
	case err != nil || data == nil:
		return nil, "", err
	}
	return data, version(data), nil
}

func version(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Save replaces the file with data. The caller holds the lock.
func (d *Dir) Save(ctx context.Context, name, was string, data []byte) (string, error) {
	if _, now, err := d.Load(ctx, name); err != nil && !errors.Is(err, ErrDamaged) {
		return "", err
	} else if now != was {
		return "", ErrChanged
	}
	return version(data), d.files.Put(name+tokensExt, data, time.Time{})
}

// Lock locks a file beside the tokens' file. The operating system releases the lock when the process ends, even after a crash.
func (d *Dir) Lock(ctx context.Context, name string) (Lock, error) {
	l, err := d.files.Lock(ctx, name+lockExt)
	if errors.Is(err, filestore.ErrLocked) {
		err = errors.New("another process is renewing the tokens")
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}
