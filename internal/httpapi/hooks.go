package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"roster/internal/admission"
)

// hooksPath is the beginning of the paths of webhooks: the name of the source and its secret follow.
const hooksPath = "/hooks/"

func isHook(path string) bool { return strings.HasPrefix(path, hooksPath) }

// Hook receives the webhooks of one source.
type Hook struct {
	// Secret is what follows the source's name in the path.
	Secret string
	// Previous is the secret before that, which is still accepted; empty for none.
	Previous string
	// Receive receives a body; nil for one that was too long to be read. It does not wait for what follows from it. It returns HookAccepted, HookIgnored
	// or HookRejected.
	Receive func(ctx context.Context, body []byte) HookResult
}

// HookResult is what became of a webhook.
type HookResult string

// The results.
const (
	HookAccepted HookResult = "accepted" // something is fetched again
	HookIgnored  HookResult = "ignored"  // about nothing that is fetched
	HookRejected HookResult = "rejected" // no source has such a secret or, in the body, such a token
	HookRefused  HookResult = "refused"  // the body was too long, or too slow, or broke off
)

// HookResults are all results.
var HookResults = [...]HookResult{HookAccepted, HookIgnored, HookRejected, HookRefused}

// hooks is the handler of webhooks. All that it knows of a sender is that the sender knows the secret.
type hooks struct {
	handler *handler
	by      map[string]Hook
	observe func(source string, result HookResult)
}

// ServeHTTP answers without waiting for a fetch. The answer has the body that the strictest kind of source requires; the others accept it.
func (s *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		plain(w, http.StatusMethodNotAllowed, "only POST is allowed\n")
		return
	}
	source, result, status := s.receive(w, r)
	if s.observe != nil {
		s.observe(source, result)
	}
	switch result {
	case HookRejected:
		s.reject(w, r)
	case HookRefused:
		plain(w, status, "the body is too long, too slow or cut off\n")
	default:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		w.Write([]byte(`{"status":"OK"}`)) //nolint:errcheck // the client is gone
	}
}

// receive returns the source that the path names, if there is one, and what became of the webhook; if it was refused, with the status of the answer.
func (s *hooks) receive(w http.ResponseWriter, r *http.Request) (source string, result HookResult, status int) {
	name, secret, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, hooksPath), "/")
	hook, known := s.by[name]
	if known {
		source = name
	}
	if !hook.knows(secret) { // also for unknown names, so that the time tells nothing
		return source, HookRejected, 0
	}
	body, status := s.body(w, r)
	if status != 0 {
		return source, HookRefused, status
	}
	return source, hook.Receive(r.Context(), body), 0
}

// knows reports whether a secret is one of the hook's, in a time that depends on neither.
func (k *Hook) knows(secret string) bool {
	given, found := sha256.Sum256([]byte(secret)), 0
	for _, s := range [...]string{k.Secret, k.Previous} {
		want, isSet := sha256.Sum256([]byte(s)), subtle.ConstantTimeEq(int32(min(len(s), 1)), 1)
		found |= subtle.ConstantTimeCompare(given[:], want[:]) & isSet
	}
	return found == 1
}

// body reads a body. It reads a long one to its end and returns nil: only its beginning would be in memory. The status is that of a refusal, or 0.
func (s *hooks) body(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	most := int64(s.handler.limits.BodyBytes)
	if r.ContentLength > most {
		return nil, http.StatusRequestEntityTooLarge
	}
	limited := http.MaxBytesReader(w, r.Body, most)
	body, err := io.ReadAll(io.LimitReader(limited, largeBody))
	if len(body) == largeBody {
		body = nil
		_, err = io.Copy(io.Discard, limited)
	}
	_, over := errors.AsType[*http.MaxBytesError](err)
	switch {
	case over:
		return nil, http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, http.StatusRequestTimeout
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return body, 0
}

// reject answers a request whose secret is wrong like one to a source that does not exist. It counts for its address like one with a wrong API key.
func (s *hooks) reject(w http.ResponseWriter, r *http.Request) {
	var c caller
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.counted = admission.At(from.Addr())
	}
	if rate, ok := s.handler.limiter.Count(c.counted); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(rate.RetryAfter)))
		plain(w, http.StatusTooManyRequests, "too many requests\n")
		return
	}
	plain(w, http.StatusNotFound, "not found\n")
}
