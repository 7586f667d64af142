package changes

import (
	"encoding/json"
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// storedCommit is the content of a commit.
type storedCommit struct {
	// Version is the version of the directory to which the commit leads, and Contents the contents of its sources by name.
	Version  string            `json:"v"`
	Contents map[string]string `json:"c"`
	Changes  []storedChange    `json:"t,omitempty"`
	// Omitted is the number of changes before those, which had no room.
	Omitted int `json:"o,omitempty"`
}

// storedChange is a Change as it is stored.
type storedChange struct {
	Kind      Kind     `json:"k"`
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
	c := storedCommit{Version: state.Directory.Version(), Contents: contentsOf(state), Omitted: max(0, len(told)-most)}
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
	for i := range c.Changes {
		if t := &c.Changes[i]; t.Kind > Source || t.Action > Split {
			return nil, errors.New("the commit has a kind or action of a newer version")
		}
	}
	return c, nil
}

// contentsOf returns the contents of the sources by name.
func contentsOf(state *State) map[string]string {
	contents := make(map[string]string, len(state.Sources))
	for i := range state.Sources {
		contents[state.Sources[i].Name] = state.Sources[i].Content
	}
	return contents
}
