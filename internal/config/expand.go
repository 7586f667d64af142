package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

var envForm = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} by the environment variable, whose value is not expanded again. $${ stands for ${ itself.
func (d *decoder) expand(s, path string) (text string, fromEnv, ok bool) {
	var b strings.Builder
	ok = true
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			b.WriteString(s)
			return b.String(), fromEnv, ok
		}
		if escaped, isEscaped := strings.CutSuffix(before, "$"); isEscaped {
			b.WriteString(escaped + "${")
			s = rest
			continue
		}
		b.WriteString(before)
		m := envForm.FindStringSubmatch("${" + rest)
		if m == nil {
			d.fault(path, "${ must be followed by the name of an environment variable and }; write $${ for ${ itself")
			return "", fromEnv, false
		}
		value, set := d.env(m[1])
		if !set {
			d.fault(path, "the environment variable %s is not set", m[1])
			ok = false
		}
		b.WriteString(value)
		fromEnv = true
		s = rest[len(m[0])-len("${"):]
	}
}

// unbraced finds what is probably meant as an environment variable. Names of variables are in capitals, and few other texts look like that.
var unbraced = regexp.MustCompile(`\$[A-Z_][A-Z0-9_]+`)

const bracesNeeded = "contains $ and a name without braces, which Roster does not replace: write ${NAME} to use the environment variable NAME"

// braces adds a fault if a text seems to name an environment variable without braces. A secret may be any text, so that only a whole one is taken for
// a name; from a file or from the environment it may be even that.
func (d *decoder) braces(text, path string, secret bool) {
	found := unbraced.FindString(text)
	switch {
	case found == "" || d.fromEnv[path] || secret && found != text:
	case secret:
		d.fault(path, "%s. If the secret itself begins with $, put it in a file or in an environment variable", bracesNeeded)
	default:
		d.fault(path, bracesNeeded)
	}
}

// secret returns a credential, either from its setting or from the file in the setting with _file.
func (d *decoder) secret(value, file *yaml.Node, path string) string {
	var text string
	var ok bool
	switch {
	case value != nil && file != nil:
		d.places[path] = placeOf(value)
		d.fault(path, "give either this or %s_file, not both", path[strings.LastIndexByte(path, '.')+1:])
		return ""
	case value != nil:
		if text, ok = d.plain(value, path, reflect.ValueOf(text)); ok {
			d.braces(text, path, true)
			ok = !d.faulty(path)
		}
	case file != nil:
		path += "_file"
		if text, ok = d.plain(file, path, reflect.ValueOf(text)); ok {
			name := below(d.dir, text)
			d.secretFiles = append(d.secretFiles, SecretFile{path, name})
			text, ok = d.secretFile(name, path)
		}
	default:
		d.fault(path, "is required: set it, or set %s_file instead", path[strings.LastIndexByte(path, '.')+1:])
		return ""
	}
	switch {
	case !ok:
	case strings.TrimSpace(text) == "":
		d.fault(path, "is empty")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r > unicode.MaxASCII }):
		// No vendor has such a credential; often a line too many was copied.
		d.fault(path, "contains a space, a line break or another character that no credential has")
	}
	return text
}

func (d *decoder) secretFile(name, path string) (string, bool) { return d.fileText(name, path, d.read) }

// fileText returns the text of a file that a setting names.
func (d *decoder) fileText(name, path string, read func(string) ([]byte, error)) (string, bool) {
	if name == "" {
		d.fault(path, "is empty")
		return "", false
	}
	b, err := read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.fault(path, noSuchFile)
	case errors.Is(err, fs.ErrPermission):
		d.fault(path, "the file may not be read by the user that runs Roster")
	case errors.Is(err, errTooLarge):
		d.fault(path, "the file is larger than 1 MiB")
	case errors.Is(err, errNotRegular):
		d.fault(path, notRegular)
	case err != nil:
		d.fault(path, "the file cannot be read")
	case len(bytes.TrimSpace(b)) == 0:
		d.fault(path, "the file is empty")
	default:
		return strings.TrimRight(string(b), "\r\n"), true
	}
	return "", false
}

// noSuchFile is the fault of a path to nothing.
const noSuchFile = "there is no such file; a relative path starts in the folder of the configuration file"

// notRegular is the fault of a path to something that cannot be read as a file.
const notRegular = "must be a file, not a folder, a device or a pipe"

var (
	errTooLarge   = errors.New("too large")
	errNotRegular = errors.New("not a regular file")
)

// readFile reads a small regular file. A pipe or a device could block for ever.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = errTooLarge
	}
	return b, err
}

// below resolves a relative path against the directory of the configuration file.
func below(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
