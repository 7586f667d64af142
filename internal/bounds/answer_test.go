package bounds_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"pgregory.net/rapid"

	"roster/internal/bounds"
)

func newAnswer(maxErrors, maxBytes int, room bounds.Room, first int) *bounds.Answer {
	b := new(bounds.Answer)
	b.Init(maxErrors, maxBytes, room, first)
	return b
}

// The admitted errors are always few and short in total, and every other error is counted as omitted.
func TestErrors(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(1, 20).Draw(rt, "most")
		b := newAnswer(most, 0, nil, 0)
		for range 2 { // answers
			var admitted gqlerror.List
			made := 0
			n := rapid.IntRange(0, 60).Draw(rt, "errors")
			for range n {
				e := &gqlerror.Error{
					Message:    strings.Repeat("m", rapid.IntRange(0, 3000).Draw(rt, "message")),
					Path:       ast.Path{ast.PathName(strings.Repeat("p", rapid.IntRange(0, 300).Draw(rt, "path"))), ast.PathIndex(1)},
					Extensions: map[string]any{"inputPath": []any{strings.Repeat("i", rapid.IntRange(0, 300).Draw(rt, "input"))}},
				}
				admitted = b.Add(admitted, func() *gqlerror.Error { made++; return e })
			}
			if made > len(admitted)+1 {
				rt.Errorf("%d errors are made, and %d are admitted", made, len(admitted))
			}
			text, err := json.Marshal(admitted)
			if err != nil {
				rt.Fatal(err)
			}
			if len(admitted) > most || len(text) > max(most*640, 2000) || len(admitted)+b.Omitted() != n || n > 0 && len(admitted) == 0 {
				rt.Errorf("%d errors of %d, %d bytes, %d omitted; at most %d", len(admitted), n, len(text), b.Omitted(), most)
			}
			b.Next()
		}
	})
}

// The buffer of long data is hardly longer than the data. Data that is too long, or has no room, is not written at all.
func TestLongData(t *testing.T) {
	t.Parallel()
	const part = 3 << 20
	text := strings.Repeat("x", 1<<10)
	write := graphql.WriterFunc(func(w io.Writer) {
		for range part >> 10 {
			io.WriteString(w, text) //nolint:errcheck // writing to a buffer cannot fail
		}
	})
	for name, tc := range map[string]struct{ most, room, want int }{
		"fits":     {4 * part, 4 * part, 2 * part},
		"too long": {2*part - 1, 4 * part, 0},
		"no room":  {4 * part, 2*part - 1, 0},
	} {
		b := newAnswer(1, tc.most, &limitedRoom{all: tc.room}, 0)
		for range 2 { // answers
			parts := []graphql.Marshaler{b.Data(write), b.Data(write)}
			var out bytes.Buffer
			for _, p := range parts {
				p.MarshalGQL(&out)
			}
			switch {
			case tc.want > 0 && out.Len() != tc.want:
				t.Errorf("%s: %d bytes of %d are written", name, out.Len(), tc.want)
			case out.Cap() > tc.want+512<<10:
				t.Errorf("%s: %d bytes are in a buffer of %d", name, out.Len(), out.Cap())
			}
			if tooLong := b.TooLong(out.Bytes()); tooLong != (tc.most < 2*part) {
				t.Errorf("%s: too long: %t", name, tooLong)
			}
			b.Next()
		}
	}
}

// Data that is not too long is written unchanged. Of longer data, at most the allowed number of bytes is written.
func TestData(t *testing.T) {
	t.Parallel()
	for most, want := range map[int]string{0: "", 1: "", 5: "", 6: `"text"`, 12: `"text""text"`, 100: `"text""text"`} {
		b := newAnswer(1, most, nil, 0)
		m := b.Data(graphql.MarshalString("text"))
		var out bytes.Buffer
		m.MarshalGQL(&out)
		m.MarshalGQL(&out)
		if len(out.String()) > most || b.TooLong(nil) != (most < 12) || most >= 12 && out.String() != want {
			t.Errorf("of at most %d bytes %q, too long: %t", most, out.String(), b.TooLong(nil))
		}
		b.Next()
		if b.TooLong(nil) {
			t.Error("the next answer is too long from the beginning")
		}
	}
	b := newAnswer(1, 10, nil, 0)
	if b.Data(graphql.Null) != graphql.Null {
		t.Error("a null is no longer graphql.Null, with which the executor compares")
	}
	if b.TooLong([]byte("of fields ")) || !b.TooLong([]byte("of fields that nobody counted")) {
		t.Error("the length of unwritten data is not checked")
	}
	b.Data(graphql.WriterFunc(func(w io.Writer) {
		io.WriteString(w, strings.Repeat("x", 20)) //nolint:errcheck // writing to a buffer cannot fail
		io.WriteString(w, "x")                     //nolint:errcheck // as above
	})).MarshalGQL(&bytes.Buffer{})
	if !b.TooLong(nil) {
		t.Error("truncated data is not reported as too long")
	}
}

// limitedRoom has room for so many bytes.
type limitedRoom struct{ all, held int }

func (p *limitedRoom) Resize(bytes int) bool {
	if bytes > p.all {
		return false
	}
	p.held = bytes
	return true
}

// Data is written as long as room can be reserved for it. What follows the first byte without room is discarded.
func TestRoom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const first = 1 << 10
		room := &limitedRoom{all: rapid.IntRange(first, 1<<20).Draw(rt, "room"), held: first}
		most := rapid.IntRange(first, 1<<20).Draw(rt, "most")
		b := newAnswer(1, most, room, first)
		for range 2 { // answers
			room.held = first
			var out bytes.Buffer
			sent, cut := 0, false
			parts := rapid.SliceOfN(rapid.IntRange(0, 200<<10), 0, 10).Draw(rt, "parts")
			counts := false // it is written within itself, to count it
			b.Data(graphql.WriterFunc(func(w io.Writer) {
				if counts {
					for _, n := range parts {
						io.WriteString(w, strings.Repeat("x", n)) //nolint:errcheck // its result is not used
					}
					return
				}
				counts = true
				for _, n := range parts {
					io.WriteString(w, strings.Repeat("x", n)) //nolint:errcheck // writing to a buffer cannot fail
					sent += n
					if out.Len() > room.held {
						rt.Fatalf("%d bytes are written, and there is room for %d", out.Len(), room.held)
					}
					if cut && out.Len() == sent {
						rt.Fatalf("data is written after it was truncated")
					}
					cut = cut || out.Len() < sent
				}
			})).MarshalGQL(&out)
			if fits := sent <= most && sent+64<<10 <= room.all; fits && cut {
				rt.Errorf("of %d bytes %d are written, with room for %d, at most %d", sent, out.Len(), room.all, most)
			}
			if cut != (sent > most || sent > first && sent > room.held) {
				rt.Errorf("truncated: %t, %d bytes of %d, room for %d of %d", cut, out.Len(), sent, room.held, room.all)
			}
			b.Next()
		}
	})
}
