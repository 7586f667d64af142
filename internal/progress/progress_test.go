package progress

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestString(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Source{
		"rocketchat  20,296 of 87,552 (accounts)": {Name: "rocketchat", Doing: "accounts", Count: 20296, Expected: 87552},
		"rocketchat  1,234 (accounts)":            {Name: "rocketchat", Doing: "accounts", Count: 1234, Expected: 1234},
		"kommo  0":                                {Name: "kommo"},
		"kommo  31 (done)":                        {Name: "kommo", Count: 31, Expected: 31, Done: true},
		"kommo  31 (failed: teams, roles)":        {Name: "kommo", Count: 31, Expected: 31, Done: true, Failed: []string{"teams", "roles"}},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Where nobody sees a line renew itself, lines come less and less often, and only for what has changed.
func TestPlainLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var got []string
		var out bytes.Buffer
		d := New(&out, func(s Source) { got = append(got, time.Since(began).String()+" "+s.String()) })
		d.Start(func() []Source {
			read := int(time.Since(began).Seconds())
			return []Source{
				{Name: "slow", Doing: "accounts", Count: read, Expected: 1000}, {Name: "quick", Count: 7, Expected: 7, Done: true}, {Name: "waiting"},
			}
		})
		time.Sleep(36 * time.Second)
		d.Stop()
		time.Sleep(time.Hour)
		want := []string{"5s slow  5 of 1,000 (accounts)", "5s quick  7 (done)", "15s slow  15 of 1,000 (accounts)", "35s slow  35 of 1,000 (accounts)"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		if _, err := d.Write([]byte("a line of the log\n")); err != nil || out.String() != "a line of the log\n" {
			t.Errorf("the log is %q, %v", &out, err)
		}
		d.Stop() // again, which does nothing
	})
}

// On a terminal, the line of a source goes when a reload removes the source.
func TestRemovedSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var removed atomic.Bool
		d := New(&out, func(Source) {})
		d.startBars(func() []Source {
			if removed.Load() {
				return []Source{{Name: "second", Count: 2}}
			}
			return []Source{{Name: "first", Count: 1}, {Name: "second", Count: 1}}
		})
		time.Sleep(time.Second)
		removed.Store(true)
		time.Sleep(time.Second)
		d.Stop()
		if text := out.String(); !strings.Contains(text, "first  ") || !strings.Contains(text, "second  2") {
			t.Errorf("the terminal has %q", text)
		}
	})
}
