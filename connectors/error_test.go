package connectors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/connectors"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  connectors.Error
		want string
	}{
		"nothing known": {connectors.Error{}, "unavailable"},
		"no answer": {connectors.Error{Source: "kommo", Op: "users", Kind: connectors.KindTimeout, Detail: "no answer in time"},
			"kommo: users: timed out: no answer in time"},
		"a refusal": {connectors.Error{Source: "altcraft", Op: "users/list", Kind: connectors.KindForbidden, Status: 200, Code: "412"},
			"altcraft: users/list: forbidden, HTTP 200, code 412"},
		"a wait": {connectors.Error{Source: "chat", Op: "users.list", Kind: connectors.KindRateLimited, Status: 429, RetryAfter: 11600 * time.Millisecond},
			"chat: users.list: rate limited, HTTP 429; retry after 12s"},
		"no operation": {connectors.Error{Source: "chat", Kind: connectors.KindUnsupported}, "chat: not supported"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.err.Err = errors.New("https://acme.example/?hash=sesame")
			for _, format := range []string{"%s", "%v", "%+v", "%q"} {
				if got := fmt.Sprintf(format, &tt.err); !strings.Contains(got, tt.want) || strings.Contains(got, "sesame") {
					t.Errorf("%s gives %q, want %q", format, got, tt.want)
				}
			}
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestErrorKindsHaveTheirOwnWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := connectors.KindUnavailable; k <= connectors.KindUnsupported; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is called %q", k, s)
		}
		seen[k.String()] = true
	}
}

func TestAsError(t *testing.T) {
	t.Parallel()
	own := &connectors.Error{Source: "chat", Kind: connectors.KindForbidden, Err: context.Canceled}
	if connectors.AsError("kommo", nil) != nil {
		t.Error("no error became one")
	}
	if got := connectors.AsError("kommo", fmt.Errorf("reading users: %w", own)); got != own {
		t.Errorf("got %v, want the error within", got)
	}
	got := connectors.AsError("kommo", errors.New("sesame"))
	if got.Source != "kommo" || got.Kind != connectors.KindUnavailable || strings.Contains(got.Error(), "sesame") {
		t.Errorf("a foreign error became %v", got)
	}
	if !errors.Is(fmt.Errorf("reading users: %w", own), context.Canceled) {
		t.Error("the cause is lost")
	}
	if !connectors.IsKind(fmt.Errorf("x: %w", own), connectors.KindForbidden) || connectors.IsKind(own, connectors.KindTimeout) ||
		connectors.IsKind(nil, connectors.KindUnavailable) || connectors.IsKind(errors.New("x"), connectors.KindUnavailable) {
		t.Error("IsKind is wrong about a kind")
	}
}
