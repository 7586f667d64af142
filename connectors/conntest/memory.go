package conntest

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/faults"
)

// Memory checks that answers which are short when compressed and very long when decompressed are rejected, and take no more memory than their bounds allow.
// It measures the allocations of the process, so its test must not be parallel.
func Memory(t *testing.T, s Subject) {
	t.Helper()
	packed := faults.Reply(200, faults.JSON(bomb(t)), "Content-Encoding", "gzip")
	for _, op := range operations(t, s.start(t).open(t, nil)) {
		for setting, tt := range map[string]struct {
			bounds connectors.Bounds
			most   int
		}{
			"max_ratio": {connectors.Bounds{}, 48 << 20},
			"max_bytes": {connectors.Bounds{Ratio: 2000, Bytes: 1 << 20}, 8 << 20},
		} {
			t.Run(op.name+" beyond "+setting, func(t *testing.T) {
				var e *connectors.Error
				took := allocated(func() { e = s.fails(t, op, packed, func(c *connectors.Config) { c.Bounds = tt.bounds }) })
				if checkNames(t, e, setting); took > tt.most {
					t.Errorf("it took %d bytes, want %d at most", took, tt.most)
				}
			})
		}
	}
}

// bomb returns 60 MB of empty rows, compressed to about 61 kB.
func bomb(t *testing.T) string {
	t.Helper()
	var part bytes.Buffer
	w := gzip.NewWriter(&part)
	if _, err := io.WriteString(w, strings.Repeat("{},", 1<<18)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(part.String(), 80)
}
