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

// hostile checks that answers beyond a bound are refused, by an error that names the setting.
func (s Subject) hostile(t *testing.T, op operation) {
	for name, tt := range map[string]struct {
		effect faults.Effect
		bounds connectors.Bounds
		want   string
	}{
		"a compressed answer of millions of rows": {faults.Reply(200, faults.JSON(bomb(t)), "Content-Encoding", "gzip"), connectors.Bounds{}, "max_ratio"},
		"the same, within a ratio that is allowed": {
			faults.Reply(200, faults.JSON(bomb(t)), "Content-Encoding", "gzip"), connectors.Bounds{Ratio: 2000, Bytes: 1 << 20}, "max_bytes",
		},
		"a long answer": {faults.Reply(200, faults.JSON(strings.Repeat(" ", 2<<10)+"{}")), connectors.Bounds{Bytes: 1 << 10}, "max_bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := s.fails(t, op, tt.effect, func(c *connectors.Config) { c.Bounds = tt.bounds })
			if e != nil && (e.Kind != connectors.KindBadResponse || !strings.Contains(e.Detail, tt.want)) {
				t.Errorf("got %v; want an answer that is not understood because of %s", e, tt.want)
			}
		})
	}
}

// bomb gives 30 MiB of empty rows, compressed.
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
	return strings.Repeat(part.String(), 40)
}
