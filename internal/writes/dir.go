package writes

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Dir is a store in a directory, for one process: what it holds outlives the process, but for locks, whose holders do not.
type Dir struct {
	root  *os.Root
	locks Memory
	mu    sync.Mutex
	puts  int
}

// file is a value as it lies in the directory.
type file struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
	Value []byte    `json:"value"`
	Token string    `json:"token"`
}

// OpenDir gives a store in that directory, which it makes if need be, for its owner's eyes only.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, errors.New("the directory cannot be made")
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, errors.New("the directory cannot be opened")
	}
	d := &Dir{root: root}
	d.sweep()
	return d, nil
}

// Close lets go of the directory.
func (d *Dir) Close() error { return d.root.Close() }

func fileOf(name string) string { return nameOf(name) + ".json" }

func (d *Dir) read(path string) (file, error) {
	var f file
	b, err := d.root.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil
	}
	if err != nil {
		return file{}, fmt.Errorf("what writes remember cannot be read: %w", err)
	}
	if json.Unmarshal(b, &f) != nil || !time.Now().Before(f.Until) { // what was half written was never relied upon
		return file{}, nil
	}
	return f, nil
}

// Get gives what a name holds.
func (d *Dir) Get(ctx context.Context, name string) (Held, error) {
	if strings.HasPrefix(name, LockPrefix) {
		return d.locks.Get(ctx, name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.read(fileOf(name))
	return Held{f.Value, f.Token}, err
}

// Put replaces what a name holds. It is on the disk when Put returns.
func (d *Dir) Put(ctx context.Context, name string, was Held, value []byte, life time.Duration) (Held, bool, error) {
	if strings.HasPrefix(name, LockPrefix) {
		return d.locks.Put(ctx, name, was, value, life)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	path := fileOf(name)
	now, err := d.read(path)
	if err != nil || now.Token != was.Token {
		return Held{now.Value, now.Token}, false, err
	}
	if value == nil {
		if err := d.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return was, false, err
		}
		return Held{}, true, nil
	}
	f := file{Name: name, Until: time.Now().Add(life), Value: value, Token: rand.Text()}
	if err := d.write(path, f); err != nil {
		return was, false, err
	}
	if d.puts++; d.puts%sweepEvery == 0 {
		d.sweep()
	}
	return Held{f.Value, f.Token}, true, nil
}

func (d *Dir) write(path string, f file) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	const fresh = "new.tmp"
	out, err := d.root.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	if err == nil {
		err = out.Sync()
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := d.root.Rename(fresh, path); err != nil {
		return err
	}
	at, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(at.Sync(), at.Close())
}

// sweep removes what has ended.
func (d *Dir) sweep() {
	paths, err := fs.Glob(d.root.FS(), "*.json")
	if err != nil {
		return
	}
	for _, path := range paths {
		if f, err := d.read(filepath.Base(path)); err == nil && f.Token == "" {
			_ = d.root.Remove(path) // it is only in the way
		}
	}
}

// Changed says that there is nobody else.
func (*Dir) Changed() <-chan struct{} { return nil }
