package freshness

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Requirement is what a request asks for by Cache-Control. Ages count from when the request came.
type Requirement struct {
	Came time.Time
	// MaxAge is how old data may be; nil where the request does not say. For no-cache it is zero.
	MaxAge *time.Duration
	// StaleIfError is by how much older it may be when it could not be read anew.
	StaleIfError time.Duration
	// OnlyIfCached asks for what is there, without any reading or waiting.
	OnlyIfCached bool
}

// NotBefore is when data may have been read at the earliest; zero where the request does not say.
func (w Requirement) NotBefore() time.Time {
	if w.MaxAge == nil {
		return time.Time{}
	}
	return w.Came.Add(-*w.MaxAge)
}

// Parse reads the values of a request's Cache-Control, which came at that time. What it does not know it ignores. Of a directive that is
// repeated the strictest counts. The error names the directive whose number is none.
func Parse(values []string, came time.Time) (Requirement, error) {
	w := Requirement{Came: came}
	var staleIfError *time.Duration
	for _, value := range values {
		for part := range split(value) {
			name, argument, _ := strings.Cut(part, "=")
			var err error
			switch name = strings.ToLower(strings.TrimSpace(name)); name {
			case "no-cache":
				w.MaxAge = new(time.Duration)
			case "only-if-cached":
				w.OnlyIfCached = true
			case "max-age":
				w.MaxAge, err = strictest(w.MaxAge, argument)
			case "stale-if-error":
				staleIfError, err = strictest(staleIfError, argument)
			}
			if err != nil {
				return Requirement{}, fmt.Errorf("the directive %s of Cache-Control %w", name, err)
			}
		}
	}
	if staleIfError != nil {
		w.StaleIfError = *staleIfError
	}
	return w, nil
}

// split gives the directives of a value. Commas within quotes separate nothing.
func split(value string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		quoted, escaped, from := false, false, 0
		for i := range len(value) {
			switch {
			case escaped:
				escaped = false
			case quoted && value[i] == '\\':
				escaped = true
			case value[i] == '"':
				quoted = !quoted
			case value[i] == ',' && !quoted:
				if !yield(value[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(value[from:])
	}
}

type malformed struct{}

// Error says what a number has to be.
func (malformed) Error() string { return "needs a number of whole seconds" }

// strictest reads a number of seconds, and gives it or what there is, whichever is less. Both forms that RFC 9111 has recipients take are
// understood, and what is too large to be counted is as good as for ever.
func strictest(have *time.Duration, argument string) (*time.Duration, error) {
	argument = strings.TrimSpace(argument)
	if n := len(argument); n >= 2 && argument[0] == '"' && argument[n-1] == '"' {
		argument = argument[1 : n-1]
	}
	if argument == "" || strings.Trim(argument, "0123456789") != "" {
		return nil, malformed{}
	}
	seconds, err := strconv.ParseUint(argument, 10, 31)
	if err != nil {
		seconds = math.MaxInt32
	}
	d := time.Duration(seconds) * time.Second
	if have != nil && *have < d {
		return have, nil
	}
	return &d, nil
}
