package config

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// File is a configuration that can be read again while it is in force. Not safe for concurrent use.
type File struct {
	path string
	env  func(string) (string, bool)
	opts []Option

	text    []byte                       // of the current configuration
	files   []string                     // with its secrets
	read    *loaded                      // the last one
	judged  map[string][sha256.Size]byte // the digest of each file when it was last loaded for that text
	unquiet map[string][sha256.Size]byte // the digests of the files that had changed at the last check
}

// loaded is the text of a configuration, and the files that it names.
type loaded struct {
	text  []byte
	files []string
	held  map[string][sha256.Size]byte // the digest of each of them
}

// Open returns the configuration file at the path without reading it. Env returns environment variables, as os.LookupEnv does.
func Open(path string, env func(string) (string, bool), opts ...Option) *File {
	return &File{path: path, env: env, opts: opts,
		judged: make(map[string][sha256.Size]byte), unquiet: make(map[string][sha256.Size]byte)}
}

// Load reads and checks the file and the files that it names. The error is of type Faults.
func (f *File) Load() (*Config, error) {
	text, err := readFile(f.path)
	if err != nil {
		reason := "the configuration file cannot be read"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			reason = "there is no such configuration file: write one, or name another with --config"
		case errors.Is(err, fs.ErrPermission):
			reason = "the configuration file may not be read by this user"
		case errors.Is(err, errTooLarge):
			reason = "the configuration file is larger than 1 MiB"
		case errors.Is(err, errNotRegular):
			reason = notRegular + ": name the configuration file with --config"
		}
		return nil, Faults{{File: f.path, Message: reason}}
	}
	return f.load(text, readTLS(readFile))
}

// LoadSecrets is Load with the text of the current configuration and new secrets: the file may be half edited when a secret changes. If the new
// secrets are refused, SecretsChanged ignores them until they change again. The files of the server's certificate are not checked: the server reads
// them by itself, and one that is being replaced must not keep a secret from being used.
func (f *File) LoadSecrets() (*Config, error) {
	c, err := f.load(f.text)
	maps.Copy(f.judged, f.read.held)
	return c, err
}

// InForce makes the last loaded configuration the current one.
func (f *File) InForce() {
	f.text, f.files = f.read.text, f.read.files
	maps.Copy(f.judged, f.read.held)
}

// SecretsChanged checks the secret files of the current configuration. It returns true if one of them has changed since it was last loaded, and none
// has changed since the last check, so that a file which is written in two steps is complete. It compares contents, not times: then it does not
// matter how a file is replaced (overwritten, renamed, or behind a link, as in Kubernetes).
func (f *File) SecretsChanged() bool {
	changed, quiet := false, true
	for _, name := range f.files {
		holds := digest(readFile(name))
		if holds == f.judged[name] {
			delete(f.unquiet, name)
			continue
		}
		before, seen := f.unquiet[name]
		f.unquiet[name] = holds
		changed, quiet = true, quiet && seen && before == holds
	}
	return changed && quiet
}

func (f *File) load(text []byte, opts ...Option) (*Config, error) {
	f.read = &loaded{text: text, held: make(map[string][sha256.Size]byte)}
	return load(text, f.env, func(name string) ([]byte, error) {
		data, err := readFile(name)
		f.read.files = append(f.read.files, name)
		f.read.held[name] = digest(data, err)
		return data, err
	}, slices.Concat(f.opts, opts, []Option{inFile(f.path), pathsBelow(filepath.Dir(f.path))})...)
}

// digest returns the hash of a file's content; zero if the file cannot be read.
func digest(data []byte, err error) [sha256.Size]byte {
	if err != nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(data)
}
