package config

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"

	"roster/internal/access"
)

// File is a configuration that can be read again while it is in force. Not safe for concurrent use.
type File struct {
	path string
	env  func(string) (string, bool)
	opts []Option

	text    []byte                       // of the configuration in force
	files   []string                     // that it took secrets from
	read    *reading                     // the last one
	judged  map[string][sha256.Size]byte // what each file held when it was last read for the text in force
	unquiet map[string][sha256.Size]byte // what those held that had changed when they were last looked at
}

// reading is what came of reading a configuration.
type reading struct {
	text  []byte
	files []string
	held  map[string][sha256.Size]byte // what each of them held
}

// Open names a configuration file, and reads nothing yet. Env is asked for ${NAME}: os.LookupEnv.
func Open(path string, env func(string) (string, bool), opts ...Option) *File {
	return &File{path: path, env: env, opts: opts,
		judged: make(map[string][sha256.Size]byte), unquiet: make(map[string][sha256.Size]byte)}
}

// Load reads and checks the file and the files that it names. The error is of type Faults and says everything that is wrong.
func (f *File) Load() (*Config, error) {
	text, err := readFile(f.path)
	if err != nil {
		reason := "the configuration file cannot be read"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			reason = "there is no such configuration file"
		case errors.Is(err, fs.ErrPermission):
			reason = "the configuration file may not be read"
		case errors.Is(err, errTooLarge):
			reason = "the configuration file is larger than 1 MiB"
		case errors.Is(err, errNotRegular):
			reason = "is not a file"
		}
		return nil, Faults{{Path: f.path, Message: reason}}
	}
	return f.load(text)
}

// LoadSecrets is Load with the text of the configuration in force: a file that somebody is at work on is not taken up only because a secret
// has changed meanwhile. What the secrets are now is not looked at again where it is refused.
func (f *File) LoadSecrets() (*Config, error) {
	c, err := f.load(f.text)
	maps.Copy(f.judged, f.read.held)
	return c, err
}

// InForce says that what was read last is used from now on.
func (f *File) InForce() {
	f.text, f.files = f.read.text, f.read.files
	maps.Copy(f.judged, f.read.held)
}

// SecretsChanged looks at the files that the configuration in force took its secrets from. It is true if one holds something else than when
// it was last read, and all have held the same for two looks in a row: who writes one in two steps is given the time for the second. The content
// is looked at, not the time, so that nothing depends on how a file is replaced: written over, renamed, or behind a link, as in Kubernetes.
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

func (f *File) load(text []byte) (*Config, error) {
	dir := filepath.Dir(f.path)
	f.read = &reading{text: text, held: make(map[string][sha256.Size]byte)}
	c, err := load(text, f.env, func(name string) ([]byte, error) {
		name = below(dir, name)
		data, err := readFile(name)
		f.read.files = append(f.read.files, name)
		f.read.held[name] = digest(data, err)
		return data, err
	}, f.opts...)
	if err != nil {
		return nil, err
	}
	for i := range c.Sources {
		c.Sources[i].filesBelow(dir)
	}
	if c.CredentialsDir != "" {
		c.CredentialsDir = below(dir, c.CredentialsDir)
	}
	if c.Writes.Dir != "" {
		c.Writes.Dir = below(dir, c.Writes.Dir)
	}
	if c.CacheDir != "" {
		c.CacheDir = below(dir, c.CacheDir)
	}
	if c.TLS != nil {
		for _, name := range []*string{&c.TLS.CertFile, &c.TLS.KeyFile, &c.TLS.ClientCAFile} {
			if *name != "" {
				*name = below(dir, *name)
			}
		}
	}
	if c.TrustedDocuments != nil {
		c.TrustedDocuments.File = below(dir, c.TrustedDocuments.File)
	}
	if c.Access.Log != "" && c.Access.Log != access.LogToStderr {
		c.Access.Log = below(dir, c.Access.Log)
	}
	return c, nil
}

// filesBelow makes the paths among the settings of the source's kind ones beside the configuration file.
func (s *Source) filesBelow(dir string) {
	if s.Settings == nil {
		return
	}
	v := reflect.ValueOf(s.Settings).Elem()
	for _, f := range fieldsOf(v.Type()) {
		if f.typeNameGiven == "path" && f.typ.Kind() == reflect.String && v.Field(f.index).String() != "" {
			v.Field(f.index).SetString(below(dir, v.Field(f.index).String()))
		}
	}
}

// digest tells contents apart, and from a file that cannot be read.
func digest(data []byte, err error) [sha256.Size]byte {
	if err != nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(data)
}
