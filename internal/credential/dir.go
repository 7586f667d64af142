package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roster/internal/lockfile"
)

const (
	tokensExt  = ".tokens"
	partialExt = ".partial"
	lockExt    = ".lock"
	// lockPoll is how often a lock is tried that another process has.
	lockPoll = 50 * time.Millisecond
	// forgottenAfter is when the file of a chain that nobody has renewed may go: no vendor's refresh token lives longer.
	forgottenAfter = 400 * 24 * time.Hour
)

// Dir is a Store in a directory, for any number of processes that share it. Its files can be read by their owner only.
type Dir struct {
	path  string
	fault func(point string)
}

var _ Store = (*Dir)(nil)

// OpenDir makes the directory where it is missing.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, errors.New("the directory for tokens cannot be made")
	}
	d := &Dir{path: path, fault: func(string) {}}
	if err := d.Check(context.Background()); err != nil {
		return nil, err
	}
	d.sweep()
	return d, nil
}

// Check writes a file and removes it.
func (d *Dir) Check(context.Context) error {
	f, err := os.CreateTemp(d.path, "roster-*"+partialExt)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return errors.New("the directory for tokens cannot be written to")
	}
	return nil
}

// sweep removes what unfinished writings and long forgotten chains have left.
func (d *Dir) sweep() {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		age, name := time.Since(info.ModTime()), e.Name()
		// Another process may be writing: an unfinished file must be old to be left behind.
		if strings.HasPrefix(name, "roster-") && strings.HasSuffix(name, partialExt) && age > time.Hour || strings.HasSuffix(name, tokensExt) && age > forgottenAfter {
			_ = os.Remove(filepath.Join(d.path, name))
		}
	}
}

func (d *Dir) file(name string) string { return filepath.Join(d.path, filepath.Base(name)+tokensExt) }

// Load reads the file. One that others may read is made the owner's own.
func (d *Dir) Load(_ context.Context, name string) ([]byte, string, error) {
	path := d.file(name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, "", ErrDamaged
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(path, 0o600)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path) //nolint:gosec // the name is our own
	}
	if err != nil {
		return nil, "", errors.New("the file with the tokens cannot be read")
	}
	return data, version(data), nil
}

func version(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Save writes another file and puts it in place. The caller has the lock.
func (d *Dir) Save(ctx context.Context, name, was string, data []byte) (string, error) {
	if _, now, err := d.Load(ctx, name); err != nil && !errors.Is(err, ErrDamaged) {
		return "", err
	} else if now != was {
		return "", ErrChanged
	}
	if err := d.write(d.file(name), data); err != nil {
		return "", errors.New("the directory for tokens cannot be written to")
	}
	return version(data), nil
}

func (d *Dir) write(path string, data []byte) (err error) {
	f, err := os.CreateTemp(d.path, "roster-*"+partialExt) // its mode is 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	half := len(data) / 2
	_, err = f.Write(data[:half])
	d.fault("file half written")
	if err == nil {
		_, err = f.Write(data[half:])
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	d.fault("file written")
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	d.fault("file in place")
	if err != nil {
		return err
	}
	dir, err := os.Open(d.path)
	if err != nil {
		return err
	}
	err = dir.Sync() // or a crash of the machine may bring the old file back
	return errors.Join(err, dir.Close())
}

// Lock locks a file beside the tokens'. The system frees it when the process ends, however it does.
func (d *Dir) Lock(ctx context.Context, name string) (Lock, error) {
	path := filepath.Join(d.path, filepath.Base(name)+lockExt)
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		l, err := lockfile.Take(path)
		if err == nil {
			return fileLock{l}, nil
		}
		if !errors.Is(err, lockfile.ErrTaken) {
			return nil, errors.New("files in the directory for tokens cannot be written to, or not be locked")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.New("another process is renewing the tokens")
		}
	}
}

type fileLock struct{ *lockfile.Lock }

func (fileLock) Held() bool { return true }

func (l fileLock) Unlock() { _ = l.Release() }
