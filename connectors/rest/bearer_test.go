package rest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"roster/connectors"
	"roster/connectors/rest"
)

// purse gives tokens one after another.
type purse struct {
	tokens  []connectors.Token
	refused int
	err     error
}

func (p *purse) Token(context.Context) (connectors.Token, error) { return p.tokens[p.refused], nil }

func (p *purse) Renew(_ context.Context, refused connectors.Token) (connectors.Token, error) {
	if p.err != nil || refused != p.tokens[p.refused] {
		return connectors.Token{}, p.err
	}
	p.refused++
	return p.tokens[p.refused], nil
}

func (*purse) Credential() connectors.CredentialStatus { return connectors.CredentialStatus{} }

func unauthorized(e *connectors.Error) bool { return e.Kind == connectors.KindUnauthorized }

func TestDoAs(t *testing.T) {
	t.Parallel()
	gone := &connectors.Error{Kind: connectors.KindUnauthorized, Detail: "authorise again"}
	tests := map[string]struct {
		purse *purse
		good  string // the token that is accepted
		write bool
		calls int32
		err   bool
	}{
		"the first is good":           {purse: &purse{tokens: []connectors.Token{{Value: "a"}}}, good: "a", calls: 1},
		"the second is":               {purse: &purse{tokens: []connectors.Token{{Value: "a"}, {Value: "b"}}}, good: "b", calls: 2},
		"the second is, for a write":  {purse: &purse{tokens: []connectors.Token{{Value: "a"}, {Value: "b"}}}, good: "b", write: true, calls: 2},
		"the third would be":          {purse: &purse{tokens: []connectors.Token{{Value: "a"}, {Value: "b"}, {Value: "c"}}}, good: "c", calls: 2, err: true},
		"there is no other":           {purse: &purse{tokens: []connectors.Token{{Value: "a"}}, err: gone}, good: "b", calls: 1, err: true},
		"another failure is not that": {purse: &purse{tokens: []connectors.Token{{Value: "teapot"}, {Value: "a"}}}, good: "a", calls: 1, err: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				switch r.Header.Get("Authorization") {
				case "Bearer " + tt.good:
				case "Bearer teapot":
					w.WriteHeader(http.StatusTeapot)
				default:
					w.WriteHeader(http.StatusUnauthorized)
				}
			}), nil)
			_, err := c.DoAs(t.Context(), rest.Request{Op: "x", Write: tt.write}, tt.purse, unauthorized)
			if (err != nil) != tt.err || calls.Load() != tt.calls {
				t.Errorf("%d calls, %v; want %d", calls.Load(), err, tt.calls)
			}
			if e, ok := errors.AsType[*connectors.Error](err); ok && (e.Source != "acme" || e.Op != "x") {
				t.Errorf("the error names %s and %s", e.Source, e.Op)
			}
		})
	}
}

// An account that has moved is followed, and so are its links.
func TestDoAsMoves(t *testing.T) {
	t.Parallel()
	here, there := httptest.NewServer(http.NotFoundHandler()), httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(here.Close)
	t.Cleanup(there.Close)
	c, err := rest.New(rest.Options{Source: "acme", Base: here.URL, Judge: judge})
	if err != nil {
		t.Fatal(err)
	}
	p := &purse{tokens: []connectors.Token{{Value: "a", Address: there.URL + "/b"}}}
	if _, err := c.DoAs(t.Context(), rest.Request{Op: "x", Path: "y"}, p, unauthorized); err != nil {
		t.Error(err)
	}
	if path, _, err := c.Below("x", there.URL+"/b/next"); err != nil || path != "next" {
		t.Errorf("a link there: %q, %v", path, err)
	}
	if _, _, err := c.Below("x", here.URL+"/next"); err == nil {
		t.Error("a link to the old place is followed")
	}
}

// A credential that cannot be put on a request keeps it from being sent.
func TestSignMayFail(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := client(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }), func(o *rest.Options) {
		o.Sign = func(*http.Request) error {
			return &connectors.Error{Kind: connectors.KindUnavailable, Detail: "no token"}
		}
	})
	if _, err := c.Do(t.Context(), rest.Request{Op: "x"}); !connectors.IsKind(err, connectors.KindUnavailable) || calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// A write that there was no token for has not been carried out, although nobody knows what became of the call for the token.
func TestNoTokenForAWrite(t *testing.T) {
	t.Parallel()
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), nil)
	for _, write := range []bool{true, false} {
		who := &purse{tokens: []connectors.Token{{Value: "a"}}, err: &connectors.Error{Kind: connectors.KindTimeout}}
		_, err := c.DoAs(t.Context(), rest.Request{Op: "x", Write: write}, who, unauthorized)
		if e := connectors.AsError("", err); e.Undone() != write || e.Unsent != write {
			t.Errorf("write %t: undone %t, unsent %t", write, e.Undone(), e.Unsent)
		}
	}
}
