package writes

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"roster/internal/filestore"
)

// Dir is a store in a directory, for one process. Its values outlive the process, except locks, whose holders end with the process.
type Dir struct {
	files    *filestore.Dir
	locks    Memory
	mu       sync.Mutex
	known    map[string]file // by file name, without the values
	capacity *capacity
	puts     int
}

// file is a value as stored in the directory.
type file struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
	Value []byte    `json:"value"`
	Token string    `json:"token"`
}

const fileExt = ".json"

// OpenDir opens a store in a directory. If the directory is absent, OpenDir creates it for the owner only. A second process cannot open the same
// directory.
func OpenDir(path string) (*Dir, error) {
	files, err := filestore.Open(path, filestore.Options{For: "writes", Prefix: "writes-", LockFile: "in-use", Durable: true})
	if err != nil {
		return nil, err
	}
	d := &Dir{files: files, known: make(map[string]file), capacity: newCapacity()}
	d.load()
	return d, nil
}

// load indexes the files of an earlier process, and removes those that have expired or are incomplete. Files of other stores stay unchanged.
func (d *Dir) load() {
	for _, info := range d.files.Files() {
		path := info.Name()
		if !strings.HasSuffix(path, fileExt) || len(path) != len(fileOf("")) {
			continue
		}
		f, err := d.read(path)
		if err == nil && f.Token == "" {
			_ = d.files.Remove(path)
		} else if err == nil { // a file that cannot be read is ignored
			d.known[path] = file{Name: f.Name, Until: f.Until}
			d.capacity.count(f.Name, 1)
		}
	}
}

// Close releases the directory.
func (d *Dir) Close() error { return d.files.Close() }

func fileOf(name string) string { return nameOf(name) + fileExt }

func (d *Dir) read(path string) (f file, err error) {
	data, err := d.files.Get(path)
	if err != nil || json.Unmarshal(data, &f) != nil || !time.Now().Before(f.Until) { // no answer ever relied on a damaged file
		return file{}, err
	}
	return f, nil
}

// Get returns the value of a name.
func (d *Dir) Get(ctx context.Context, name string) (Held, error) {
	if strings.HasPrefix(name, LockPrefix) {
		return d.locks.Get(ctx, name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.read(fileOf(name))
	return Held{f.Value, f.Token}, err
}

// Put replaces the value of a name. The value is on disk when Put returns.
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
		if err := d.files.Remove(path); err != nil {
			return was, false, err
		}
		d.forget(path)
		return Held{}, true, nil
	}
	_, there := d.known[path] // it may have expired
	if !there {
		if err := d.capacity.checkAfterSweep(name, d.sweep); err != nil {
			return was, false, err
		}
	}
	f := file{Name: name, Until: time.Now().Add(life), Value: value, Token: rand.Text()}
	data, err := json.Marshal(f)
	if err == nil {
		err = d.files.Put(path, data, time.Time{})
	}
	if err != nil {
		return was, false, err
	}
	if !there {
		d.capacity.count(name, 1)
	}
	d.known[path] = file{Name: name, Until: f.Until}
	if d.puts++; d.puts%sweepEvery == 0 {
		d.sweep()
	}
	return Held{f.Value, f.Token}, true, nil
}

func (d *Dir) forget(path string) {
	if f, ok := d.known[path]; ok {
		delete(d.known, path)
		d.capacity.count(f.Name, -1)
	}
}

// sweep removes expired values.
func (d *Dir) sweep() {
	for path, f := range d.known {
		if !time.Now().Before(f.Until) && d.files.Remove(path) == nil {
			d.forget(path)
		}
	}
}

// Changed returns nil: there are no other replicas.
func (*Dir) Changed() <-chan struct{} { return nil }
