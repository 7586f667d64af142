package resolvers_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// The errors of sources have the same form in extensions.sources and among the errors. Other errors stay among the errors. In both cases the answer must not
// be cached.
func TestSourceErrorsInExtensions(t *testing.T) {
	t.Parallel()
	document := `{ users(first: 500) { totalCount completeness { complete } } a: users(first: 501) { totalCount } }`
	for name, tc := range map[string]struct {
		cacheControl string
		source       func() *connectors.Source
	}{
		"missing": {"", func() *connectors.Source {
			s := crm()
			s.Accounts = failing[connectors.Account](connectors.Error{Kind: connectors.KindUnavailable, Detail: "down"})
			return s
		}},
		"incomplete": {"", func() *connectors.Source {
			s := crm()
			s.Accounts = short(connectors.Account{ID: "1", Name: "One"})
			return s
		}},
		"older than asked": {"no-cache", crm},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newTestServer(t, mailer(), tc.source()).read()
				synctest.Wait()
				time.Sleep(time.Second)
				inErrors, _ := w.askFor(tc.cacheControl, document)
				w.api.SourceErrorsInExtensions = true
				inExtensions, _ := w.askFor(tc.cacheControl, document)
				chosen, _ := w.askWith(http.Header{"Cache-Control": {tc.cacheControl}, "X-Roster-Source-Errors": {"errors"}}, document)
				if diff := cmp.Diff(inErrors, chosen); diff != "" {
					t.Errorf("chosen by the request (-want +got):\n%s", diff)
				}
				w.api.SourceErrorsInExtensions = false
				chosen, _ = w.askWith(http.Header{"Cache-Control": {tc.cacheControl}, "X-Roster-Source-Errors": {"extensions"}}, document)
				if diff := cmp.Diff(inExtensions, chosen); diff != "" {
					t.Errorf("chosen by the request (-want +got):\n%s", diff)
				}
				w.api.SourceErrorsInExtensions = true
				if diff := cmp.Diff(inErrors.Data, inExtensions.Data); diff != "" {
					t.Errorf("the data (-in errors +in extensions):\n%s", diff)
				}
				if len(inErrors.Errors) < 2 || len(inErrors.Extensions.Sources) > 0 {
					t.Fatalf("in errors: %+v", inErrors)
				}
				if diff := cmp.Diff(inErrors.Errors[:1], inExtensions.Errors); diff != "" {
					t.Errorf("the other errors (-want +got):\n%s", diff)
				}
				var want []answerError // among the errors, with the path of each field that lacks data
				for _, field := range []string{"users", "a"} {
					for _, e := range inExtensions.Extensions.Sources {
						e.Path = []any{field}
						want = append(want, e)
					}
				}
				if diff := cmp.Diff(want, inErrors.Errors[1:]); diff != "" {
					t.Errorf("the errors of sources, among the errors (-want +got):\n%s", diff)
				}
				clean, header := w.askFor(tc.cacheControl, `{ users { totalCount } }`)
				if len(clean.Errors) > 0 || len(clean.Extensions.Sources) == 0 || header.Get("Cache-Control") != "no-store" {
					t.Errorf("errors %v, sources %v, Cache-Control %q", clean.Errors, clean.Extensions.Sources, header.Get("Cache-Control"))
				}
			})
		})
	}
}
