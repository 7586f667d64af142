package localstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"roster/internal/filestore"
	"roster/internal/seal"
	"roster/internal/snapshot"
	"roster/internal/snapshot/manifest"
)

// directory is a snapshotStore that survives the process. Each snapshot has a file with its parts, named by the version, and a small file, the
// manifest, that names the version. The modification time of a file is the time from which the file may be removed. So data of a source that is no
// longer configured stays no longer than it would have been served. The seal detects damaged files, so the files need not be synced to the disk at
// once.
type directory struct {
	files *filestore.Dir
	seal  *seal.Sealer
}

const manifestExt, partsExt = ".manifest", ".parts"

var cacheOptions = filestore.Options{
	For: "the cache", Prefix: "roster-", LockFile: "roster-cache.lock",
	Expired: func(f fs.FileInfo) bool { return keptFile.MatchString(f.Name()) && f.ModTime().Before(time.Now()) },
}

// Open returns a store that keeps its snapshots in a directory. Only one process at a time may open the directory: a second process would remove
// files that the first one is about to write, so Open rejects it. Open creates the directory if it is missing. Key encrypts the files; an empty
// key disables encryption.
func Open(path string, key []byte) (*Store, error) {
	sealer, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	files, err := filestore.Open(path, cacheOptions)
	if err != nil {
		return nil, err
	}
	return &Store{items: make(map[snapshot.StoreKey]*localItem), store: &directory{files, sealer}}, nil
}

// Stat returns what a directory holds of the items, if it is not encrypted, even while another process has opened the directory. Stat changes
// nothing, except that it removes other users' permission to read the files.
func Stat(path string, items []snapshot.StoreKey) []snapshot.Info {
	d := &directory{filestore.At(path, cacheOptions), &seal.Sealer{}}
	marks := make([]snapshot.Info, len(items))
	for i, item := range items {
		marks[i].Meta = d.load(item)
	}
	return marks
}

func (d *directory) close() error { return d.files.Close() }

// base returns the prefix of the names of an item's files.
func base(item snapshot.StoreKey) string {
	sum := sha256.Sum256([]byte(manifest.Name(item)))
	return fmt.Sprintf("%s-%s-%s.v%s", item.Source, item.Collection, hex.EncodeToString(sum[:6]), item.Encoding())
}

func (d *directory) load(item snapshot.StoreKey) snapshot.Meta {
	data, _ := d.files.Get(base(item) + manifestExt) // an item that cannot be read is fetched again
	return manifest.Read(d.seal, item, data, local)
}

// local returns the time of a stamp; a time in the future becomes the present. A stamp that is more than a minute ahead is not plausible.
func local(stamp int64) (t time.Time, plausible bool) {
	now := time.Now()
	age := now.Sub(time.UnixMicro(stamp))
	return now.Add(-max(0, age)), age >= -time.Minute
}

func (d *directory) put(s *snapshot.Stored, meta, was *snapshot.Meta) error {
	until := meta.FetchedAt.Add(s.KeepFor)
	file := base(s.Item) + "." + d.seal.Name([]byte(meta.Version)) + partsExt
	meta.Parts, meta.Bytes = []string{file}, was.Bytes
	if s.Rewrite || len(was.Parts) != 1 || was.Parts[0] != file || was.Count != meta.Count || d.files.Touch(file, until) != nil {
		parts, err := s.Encode()
		if err != nil {
			return err
		}
		meta.Bytes = snapshot.PartsSize(parts)
		if err := d.putParts(s.Item, file, parts, until); err != nil {
			return err
		}
	}
	if meta.TimesParts = nil; meta.Times != "" {
		file := base(s.Item) + ".times-" + d.seal.Name([]byte(meta.Times)) + partsExt
		meta.TimesParts = []string{file}
		if s.Rewrite || !slices.Equal(was.TimesParts, meta.TimesParts) || d.files.Touch(file, until) != nil {
			if err := d.putParts(s.Item, file, s.EncodeTimes(), until); err != nil {
				return err
			}
		}
	}
	value, err := manifest.Write(d.seal, s.Item, meta.Stamp, meta, meta.Parts)
	if err != nil {
		return err
	}
	if err := d.files.Put(base(s.Item)+manifestExt, value, until); err != nil {
		return err
	}
	for _, old := range slices.Concat(was.Parts, was.TimesParts) {
		if old != file && !slices.Contains(meta.TimesParts, old) {
			_ = d.files.Remove(old)
		}
	}
	return nil
}

// putParts writes a file with parts.
func (d *directory) putParts(item snapshot.StoreKey, file string, parts [][]byte, until time.Time) error {
	var data []byte
	for i, part := range parts {
		sealed := d.seal.Seal(part, aboutPart(item, file, i, len(parts)))
		data = append(binary.AppendUvarint(data, uint64(len(sealed))), sealed...)
	}
	return d.files.Put(file, data, until)
}

func aboutPart(item snapshot.StoreKey, file string, i, of int) string {
	return fmt.Sprintf("%s:%s:%d:%d", manifest.Name(item), file, i, of)
}

func (d *directory) get(item snapshot.StoreKey, meta *snapshot.Meta) [][]byte {
	if len(meta.Parts) != 1 {
		return nil
	}
	file := meta.Parts[0]
	data, _ := d.files.Get(file)
	var sealed [][]byte
	for len(data) > 0 {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)-size) { //nolint:gosec // size is within data
			return nil
		}
		end := size + int(n) //nolint:gosec // within data
		sealed, data = append(sealed, data[size:end]), data[end:]
	}
	parts := make([][]byte, len(sealed))
	for i, s := range sealed {
		part, err := d.seal.Open(s, aboutPart(item, file, i, len(sealed)))
		if err != nil {
			return nil
		}
		parts[i] = part
	}
	return parts
}
