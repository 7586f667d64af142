package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"60s": time.Minute, "5m": 5 * time.Minute, "7d": 7 * day, "1d12h": 36 * time.Hour, "500ms": time.Second / 2, "0s": 0, "1h1h": 2 * time.Hour,
	} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "60", "s", "1.5s", "-1s", "+1s", "1 s", "1w", "1S", "999999999d", "36500d1ms", "1s\n"} {
		if got, ok := parseDuration(text); ok {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
}

func TestDurationsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, int64(longest/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		if got, ok := parseDuration(formatDuration(want)); !ok || got != want {
			t.Fatalf("%s: got %v, %v, want %v", formatDuration(want), got, ok, want)
		}
	})
}
