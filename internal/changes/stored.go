package changes

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// format is the form of what is stored. During an upgrade, replicas of two versions read one log. A replica skips changes of a kind that it does not know:
// clients of that version do not know it either. Anything else that an earlier version would misread needs another number. To a replica that does not know
// it, the commits cannot be read: its clients are told that changes are missing.
const format = 1

// storedCommit is the content of a commit.
type storedCommit struct {
	Format int `json:"format"`
	// Version is the version of the directory to which the commit leads, and Contents the contents of its sources by name.
	Version  string            `json:"v"`
	Contents map[string]string `json:"c"`
	Changes  []storedChange    `json:"t,omitempty"`
	// Omitted is the number of changes before those, which had no room.
	Omitted int `json:"o,omitempty"`
}

// hasObjects reports whether a commit has changes of other objects than sources.
func (c *storedCommit) hasObjects() bool {
	return c.Omitted > 0 || slices.ContainsFunc(c.Changes, func(c storedChange) bool { return c.Kind != Source })
}

// storedChange is a Change as it is stored.
type storedChange struct {
	Kind      Kind     `json:"k"` // by name, and actions too
	Action    Action   `json:"a"`
	ID        string   `json:"i"`
	RelatedID string   `json:"r,omitempty"`
	Label     string   `json:"l"`
	Fields    []string `json:"f,omitempty"`
	Sources   []string `json:"s,omitempty"`
	Reset     bool     `json:"x,omitempty"`
}

// storedState is the state to which a log leads.
type storedState struct {
	Format int `json:"format"`
	// Version and Rules are those of the directory.
	Version string        `json:"version"`
	Rules   string        `json:"rules"`
	Sources []SourceState `json:"sources"`
}

// mostStored is the greatest length of a commit in bytes. It is many times that of one of as many changes as a log can have.
const mostStored = 1 << 30

var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err) // the options are constant
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(mostStored), zstd.WithDecoderConcurrency(1))
		if err != nil {
			panic(err) // as above
		}
		return d
	})
)

// encoded returns the JSON of a value that always has one.
func encoded(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and booleans only
	}
	return text
}

// encodeCommit returns a commit as it is stored. Of more changes than most it has the last ones.
func encodeCommit(state *State, told []Change, most int) []byte {
	c := storedCommit{Format: format, Version: state.Directory.Version(), Contents: contentsOf(state), Omitted: max(0, len(told)-most)}
	for _, change := range told[c.Omitted:] {
		c.Changes = append(c.Changes, storedChange(change))
	}
	return packer().EncodeAll(encoded(c), nil)
}

func decodeCommit(data []byte) (*storedCommit, error) {
	if data == nil {
		return nil, errors.New("the commit cannot be read")
	}
	text, err := unpacker().DecodeAll(data, nil)
	if err != nil {
		return nil, err
	}
	c := new(storedCommit)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, err
	}
	if c.Format != format {
		return nil, errNewer
	}
	return c, nil
}

// errNewer is the error for what another version has stored, and this one does not understand.
var errNewer = errors.New("it was stored by another version")

// stateStored returns a state as it is stored.
func stateStored(s *State) *storedState {
	return &storedState{format, s.Directory.Version(), s.Directory.RulesVersion(), s.Sources}
}

// decodeState reads a state; nil if it cannot be read.
func decodeState(data []byte) *storedState {
	s := new(storedState)
	if data == nil || json.Unmarshal(data, s) != nil || s.Format != format {
		return nil
	}
	return s
}

// MarshalText returns the name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a name. A name that it does not know is of a newer version.
func (k *Kind) UnmarshalText(name []byte) error {
	*k = unknown
	if i := slices.Index(kindNames[:], string(name)); i >= 0 {
		*k = Kind(i) //nolint:gosec // few
	}
	return nil
}

// MarshalText returns the name.
func (a Action) MarshalText() ([]byte, error) { return []byte(actionNames[a]), nil }

// UnmarshalText reads a name. It refuses one that it does not know, because nobody can say what such a change is.
func (a *Action) UnmarshalText(name []byte) error {
	i := slices.Index(actionNames[:], string(name))
	if i < 0 {
		return errNewer
	}
	*a = Action(i) //nolint:gosec // few
	return nil
}

// contentsOf returns the contents of the sources by name.
func contentsOf(state *State) map[string]string {
	contents := make(map[string]string, len(state.Sources))
	for i := range state.Sources {
		contents[state.Sources[i].Name] = state.Sources[i].Content
	}
	return contents
}
