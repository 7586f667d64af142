package writes

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"roster/internal/lockfile"
)

// Dir is a store in a directory, for one process: what it holds outlives the process, but for locks, whose holders do not.
type Dir struct {
	root  *os.Root
	alone *lockfile.Lock
	locks Memory
	mu    sync.Mutex
	files map[string]filed // by their paths
	room  *room
	puts  int
}

// filed is what is known of a file without reading it.
type filed struct {
	name  string
	until time.Time
}

// file is a value as it lies in the directory.
type file struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
	Value []byte    `json:"value"`
	Token string    `json:"token"`
}

// lockFile is locked while a process has the directory.
const lockFile = "in-use"

// newPath is where a file lies until it is whole.
const newPath = "new.tmp"

// OpenDir gives a store in that directory, which it makes if need be, for its owner's eyes only. Two processes with one directory would each think
// they are alone: the second is refused.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, errors.New("the directory cannot be made")
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, errors.New("the directory cannot be opened")
	}
	alone, err := lockfile.TakeDir(path, lockFile)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	d := &Dir{root: root, alone: alone, files: make(map[string]filed), room: newRoom()}
	d.look()
	return d, nil
}

// look takes up what there is from an earlier process, and removes what has ended or is not whole.
func (d *Dir) look() {
	paths, err := fs.Glob(d.root.FS(), "*.json")
	if err != nil {
		return
	}
	for _, path := range paths {
		switch f, err := d.read(path); {
		case err != nil: // it is in nobody's way
		case f.Token == "":
			_ = d.root.Remove(path)
		default:
			d.files[path] = filed{f.Name, f.Until}
			d.room.count(f.Name, 1)
		}
	}
}

// Shared says whether others than the owner may put files into the directory, or take them away. That is left as it is, since it may be meant: a volume
// for a group, for example. The files can be read by the owner only.
func (d *Dir) Shared() bool {
	info, err := d.root.Stat(".")
	return err == nil && info.Mode().Perm()&0o022 != 0 && runtime.GOOS != "windows" // whose modes say nothing
}

// Close lets go of the directory.
func (d *Dir) Close() error { return errors.Join(d.root.Close(), d.alone.Release()) }

func fileOf(name string) string { return nameOf(name) + ".json" }

func (d *Dir) read(path string) (file, error) {
	var f file
	info, err := d.root.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return file{}, errors.New("what writes remember cannot be read: there is something that is not a file") // opening a pipe would wait for ever
	}
	var b []byte
	if err == nil {
		b, err = d.root.ReadFile(path)
	}
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
		d.forget(path)
		return Held{}, true, nil
	}
	_, there := d.files[path] // it may have ended
	if !there {
		if err := d.room.find(name, d.sweep); err != nil {
			return was, false, err
		}
	}
	f := file{Name: name, Until: time.Now().Add(life), Value: value, Token: rand.Text()}
	if err := d.write(path, f); err != nil {
		return was, false, err
	}
	if !there {
		d.room.count(name, 1)
	}
	d.files[path] = filed{name, f.Until}
	if d.puts++; d.puts%sweepEvery == 0 {
		d.sweep()
	}
	return Held{f.Value, f.Token}, true, nil
}

func (d *Dir) forget(path string) {
	if f, ok := d.files[path]; ok {
		delete(d.files, path)
		d.room.count(f.name, -1)
	}
}

func (d *Dir) write(path string, f file) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	out, err := d.root.OpenFile(newPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
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
	if err := d.root.Rename(newPath, path); err != nil {
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
	for path, f := range d.files {
		if time.Now().Before(f.until) {
			continue
		}
		if err := d.root.Remove(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			d.forget(path)
		}
	}
}

// Changed says that there is nobody else.
func (*Dir) Changed() <-chan struct{} { return nil }
