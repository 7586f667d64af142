package connectors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
)

// TestCheckpoint has a reading broken off at one place again and again, and looks for how often the next call goes on with it.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	of := func(kind connectors.ErrorKind, unsent, blocked bool) *connectors.Error {
		return &connectors.Error{Source: "a", Kind: kind, Unsent: unsent, Blocked: blocked}
	}
	tests := map[string]struct {
		err  error
		goes int // how often it goes on, of ten times, a minute apart
	}{
		"unavailable":                        {of(connectors.KindUnavailable, false, false), 10},
		"garbage":                            {of(connectors.KindBadResponse, false, false), 2},
		"left alone after others' garbage":   {of(connectors.KindBadResponse, true, false), 10},
		"refused":                            {of(connectors.KindForbidden, false, false), 0},
		"left alone after another's refusal": {of(connectors.KindForbidden, true, false), 10},
		"no credential to send":              {of(connectors.KindUnauthorized, true, false), 0},
		"blocked":                            {of(connectors.KindRateLimited, false, true), 0},
		"no turn within the limit":           {of(connectors.KindRateLimited, true, false), 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var kept connectors.Checkpoint[*int]
				begun := 0
				begin := func() *int {
					begun++
					return new(int)
				}
				goes := 0
				fetch := kept.Resume(begin)
				for range 10 {
					kept.Keep(fetch, 80, tt.err)
					time.Sleep(time.Minute)
					if fetch = kept.Resume(begin); begun > 1 {
						break
					}
					goes++
				}
				if goes != tt.goes {
					t.Errorf("it went on %d times, want %d", goes, tt.goes)
				}
			})
		})
	}
}
