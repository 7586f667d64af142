package freshness

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Requirement is the freshness requirement of a request's Cache-Control. Ages count from the arrival of the request.
type Requirement struct {
	Came time.Time
	// MaxAge is how old data may be; nil if the request does not limit the age. For no-cache it is zero.
	MaxAge *time.Duration
	// StaleIfError is how much older the data may be if a new fetch failed.
	StaleIfError time.Duration
	// OnlyIfCached asks for the data that is in memory, without a fetch and without waiting.
	OnlyIfCached bool
}

// AcceptsAny reports whether the request has no requirement.
func (w Requirement) AcceptsAny() bool { return w.MaxAge == nil && !w.OnlyIfCached }

// NotBefore returns the earliest time at which the data may have been fetched; zero if the request does not limit the age.
func (w Requirement) NotBefore() time.Time {
	if w.MaxAge == nil {
		return time.Time{}
	}
	return w.Came.Add(-*w.MaxAge)
}

// Parse parses the values of the Cache-Control of a request that arrived at the time came. Parse ignores unknown directives. If a
// directive is repeated, the strictest value applies. The error names the directive whose argument is not a number.
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

// split yields the directives of a value. Commas within quotes do not separate.
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

// Error states which argument is valid.
func (malformed) Error() string { return "needs a number of whole seconds" }

// strictest parses a number of seconds, and returns the smaller of it and the present value. It accepts both forms that RFC 9111 requires
// recipients to accept. A number that is too large to represent becomes the largest possible one.
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
