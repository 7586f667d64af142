package shared

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roster/internal/lockfile"
	"roster/internal/snapshot"
)

// directory is a shelf that outlives the process. Each snapshot has a file of parts, named by its version, and a small one that says which
// that is. Both are written elsewhere and then put in place, so that none is ever seen half-written. A file's time of modification is when
// it may go: nothing of a source that has left the configuration stays for longer than it would have been served.
type directory struct {
	path  string
	seal  *sealer
	alone *lockfile.Lock
}

const (
	manifestExt = ".manifest"
	partsExt    = ".parts"
	partialExt  = ".partial"
	// partialPrefix tells our unfinished files from those of others, which a directory that is not ours alone may hold.
	partialPrefix = "roster-"
	// lockFile is locked while a process has the directory. It has a name of its own, since another store may be in the same directory.
	lockFile = "roster-cache.lock"
)

// OpenDir gives a tier that keeps its snapshots in a directory, for one process at a time: a second one would remove what the first is about to
// write, and is refused. The directory is made where it is missing. The key encrypts what is kept; empty for none.
func OpenDir(path string, key []byte) (*Local, error) {
	seal, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, errors.New("the directory for the cache cannot be made")
	}
	d := &directory{path: path, seal: seal}
	if d.alone, err = lockfile.TakeDir(path, lockFile); err != nil {
		return nil, err
	}
	if err := d.write(partialPrefix+"probe"+partialExt, nil, time.Now()); err != nil {
		return nil, errors.Join(errors.New("the directory for the cache cannot be written to"), d.close())
	}
	d.sweep()
	return &Local{items: make(map[snapshot.Item]*localItem), shelf: d}, nil
}

// LookDir says what a directory holds of the items, in clear, also while a process has it. It changes nothing.
func LookDir(path string, items []snapshot.Item) []snapshot.Mark {
	seal, err := newSealer(nil)
	if err != nil {
		return nil
	}
	d := &directory{path: path, seal: seal}
	marks := make([]snapshot.Mark, len(items))
	for i, item := range items {
		marks[i].Meta = d.load(item)
	}
	return marks
}

func (d *directory) close() error { return d.alone.Release() }

// sweep removes what is no longer of use, and nothing that is not ours.
func (d *directory) sweep() {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		partial := strings.HasPrefix(name, partialPrefix) && strings.HasSuffix(name, partialExt)
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if partial || keptFile.MatchString(name) && info.ModTime().Before(time.Now()) {
			_ = os.Remove(filepath.Join(d.path, name))
		}
	}
}

// base gives the beginning of the names of an item's files.
func base(item snapshot.Item) string {
	sum := sha256.Sum256([]byte(itemName(item)))
	return fmt.Sprintf("%s-%s-%s.v%d", item.Source, item.Collection, hex.EncodeToString(sum[:6]), snapshot.Encoding)
}

func (d *directory) read(name string) []byte {
	data, err := os.ReadFile(filepath.Join(d.path, name)) //nolint:gosec // the name is our own
	if err != nil {
		return nil
	}
	return data
}

// write puts a file in its place at once, to be removed after its time.
func (d *directory) write(name string, data []byte, until time.Time) (err error) {
	f, err := os.CreateTemp(d.path, partialPrefix+"*"+partialExt) // readable for its owner only
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chtimes(f.Name(), time.Time{}, until)
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(d.path, name))
	}
	return err
}

func (d *directory) load(item snapshot.Item) snapshot.Meta {
	now := time.Now()
	return d.seal.readManifest(item, d.read(base(item)+manifestExt), now.UnixMicro(), now)
}

func (d *directory) put(s *snapshot.Stored, meta, was *snapshot.Meta) error {
	until := meta.ReadAt.Add(s.KeepFor)
	file := base(s.Item) + "." + d.seal.name([]byte(meta.Version)) + partsExt
	meta.Parts, meta.Bytes = []string{file}, was.Bytes
	path := filepath.Join(d.path, file)
	if s.Rewrite || len(was.Parts) != 1 || was.Parts[0] != file || was.Count != meta.Count || os.Chtimes(path, time.Time{}, until) != nil {
		parts, err := s.Encode()
		if err != nil {
			return err
		}
		meta.Bytes = snapshot.PartsSize(parts)
		var data []byte
		for i, part := range parts {
			sealed := d.seal.seal(part, about(s.Item, fmt.Sprintf("%s:%d:%d", file, i, len(parts))))
			data = append(binary.AppendUvarint(data, uint64(len(sealed))), sealed...)
		}
		if err := d.write(file, data, until); err != nil {
			return err
		}
	}
	manifest, err := d.seal.writeManifest(s.Item, meta.Stamp, meta, meta.Parts)
	if err != nil {
		return err
	}
	if err := d.write(base(s.Item)+manifestExt, manifest, until); err != nil {
		return err
	}
	if len(was.Parts) == 1 && was.Parts[0] != file {
		_ = os.Remove(filepath.Join(d.path, filepath.Base(was.Parts[0])))
	}
	return nil
}

func (d *directory) get(item snapshot.Item, meta *snapshot.Meta) [][]byte {
	if len(meta.Parts) != 1 {
		return nil
	}
	file := filepath.Base(meta.Parts[0])
	var sealed [][]byte
	for data := d.read(file); len(data) > 0; {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)-size) { //nolint:gosec // size is within data
			return nil
		}
		end := size + int(n) //nolint:gosec // within data
		sealed, data = append(sealed, data[size:end]), data[end:]
	}
	parts := make([][]byte, len(sealed))
	for i, s := range sealed {
		part, err := d.seal.open(s, about(item, fmt.Sprintf("%s:%d:%d", file, i, len(sealed))))
		if err != nil {
			return nil
		}
		parts[i] = part
	}
	return parts
}
