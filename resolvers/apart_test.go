package resolvers_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// TestSourcesApart: what sources lack is told in the same form in extensions.sources, where it is not to be among the errors. Other errors stay
// there, and an answer that lacks something is not to be kept either way.
func TestSourcesApart(t *testing.T) {
	t.Parallel()
	document := `{ users(first: 500) { totalCount completeness { complete } } a: users(first: 501) { totalCount } }`
	for name, tc := range map[string]struct {
		wish   string
		source func() *connectors.Source
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
				w := newWorld(t, mailer(), tc.source()).read()
				synctest.Wait()
				time.Sleep(time.Second)
				among, _ := w.askFor(tc.wish, document)
				w.api.SourcesApart = true
				apart, _ := w.askFor(tc.wish, document)
				chosen, _ := w.askWith(http.Header{"Cache-Control": {tc.wish}, "X-Roster-Source-Errors": {"errors"}}, document)
				if diff := cmp.Diff(among, chosen); diff != "" {
					t.Errorf("chosen by the request (-want +got):\n%s", diff)
				}
				w.api.SourcesApart = false
				chosen, _ = w.askWith(http.Header{"Cache-Control": {tc.wish}, "X-Roster-Source-Errors": {"extensions"}}, document)
				if diff := cmp.Diff(apart, chosen); diff != "" {
					t.Errorf("chosen by the request (-want +got):\n%s", diff)
				}
				w.api.SourcesApart = true
				if diff := cmp.Diff(among.Data, apart.Data); diff != "" {
					t.Errorf("the data (-among the errors +apart):\n%s", diff)
				}
				if len(among.Errors) < 2 || len(among.Extensions.Sources) > 0 {
					t.Fatalf("among the errors: %+v", among)
				}
				if diff := cmp.Diff(among.Errors[:1], apart.Errors); diff != "" {
					t.Errorf("what is left of the errors (-want +got):\n%s", diff)
				}
				var want []answerError // among the errors, with the path of each field that lacks something
				for _, field := range []string{"users", "a"} {
					for _, e := range apart.Extensions.Sources {
						e.Path = []any{field}
						want = append(want, e)
					}
				}
				if diff := cmp.Diff(want, among.Errors[1:]); diff != "" {
					t.Errorf("what sources lack, among the errors (-want +got):\n%s", diff)
				}
				clean, header := w.askFor(tc.wish, `{ users { totalCount } }`)
				if len(clean.Errors) > 0 || len(clean.Extensions.Sources) == 0 || header.Get("Cache-Control") != "no-store" {
					t.Errorf("errors %v, sources %v, Cache-Control %q", clean.Errors, clean.Extensions.Sources, header.Get("Cache-Control"))
				}
			})
		})
	}
}
