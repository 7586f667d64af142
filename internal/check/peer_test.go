package check_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/check"
)

// observed is a source whose answers have a date and a certificate.
func observed(w *check.Watch, ends ...connectors.CallEnd) *connectors.Source {
	return &connectors.Source{Name: "a", Kind: "altcraft", Accounts: connectors.ListFunc[connectors.Account](
		func(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			for _, end := range ends {
				_, o := w.Begin(ctx, connectors.Call{Source: "a", Op: "users/list", Attempt: 1})
				o.Done(end)
			}
			return connectors.Listing[connectors.Account]{Complete: true}, nil
		})}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the initial time in a synctest bubble
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		ends []connectors.CallEnd
		want string
	}{
		"nothing is observed":      {[]connectors.CallEnd{{Sent: true}}, ""},
		"a call that was not sent": {[]connectors.CallEnd{{Date: now.Add(-time.Hour)}}, ""},
		"clocks agree":             {[]connectors.CallEnd{{Sent: true, Date: now.Add(-2 * time.Second)}}, "✓ its clock agrees with ours"},
		"half a slow call is no skew": {[]connectors.CallEnd{{Sent: true, Date: now.Add(-50 * time.Second), Took: 100 * time.Second}},
			"✓ its clock agrees with ours"},
		"the shortest call tells best": {[]connectors.CallEnd{
			{Sent: true, Date: now.Add(-80 * time.Second), Took: 80 * time.Second}, {Sent: true, Date: now, Took: time.Second},
			{Sent: true, Date: now.Add(-80 * time.Second), Took: 90 * time.Second},
		}, "✓ its clock agrees with ours"},
		"ahead": {[]connectors.CallEnd{{Sent: true, Date: now.Add(time.Hour)}},
			"✗ its clock is 1h0m1s ahead of ours: set the one that is wrong: signatures and the times of changes go by both"},
		"a certificate": {[]connectors.CallEnd{{Sent: true, CertExpires: now.Add(15 * day)}}, "✓ TLS certificate good until 2000-01-16, 15 days"},
		"a certificate that ends soon": {[]connectors.CallEnd{{Sent: true, CertExpires: now.Add(14 * day)}},
			"✗ TLS certificate good until 2000-01-15, 14 days: the operator of the source must renew it, or the source cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var w check.Watch
				var out strings.Builder
				if err := check.Print(&out, check.Run(t.Context(), []*connectors.Source{observed(&w, tc.ends...)}, &w)); err != nil {
					t.Fatal(err)
				}
				_, notes, _ := strings.Cut(out.String(), "\na\n  ") // below the table
				if got := strings.TrimSpace(notes); got != tc.want {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			})
		})
	}
}
