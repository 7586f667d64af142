package check_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/check"
)

var update = flag.Bool("update", false, "write the golden file anew")

// probe answers a probe after a delay.
type probe struct {
	takes    time.Duration
	findings []connectors.Finding
	err      error
}

func (p probe) Probe(ctx context.Context) ([]connectors.Finding, error) {
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return p.findings, p.err
}

// lister returns n records of a collection after a delay.
func lister[T connectors.Record](takes time.Duration, n int, expected *int, complete bool, err *connectors.Error) connectors.Lister[T] {
	return connectors.ListFunc[T](func(ctx context.Context, _ connectors.Progress[T]) (connectors.Listing[T], error) {
		l := connectors.Listing[T]{Records: make([]T, n), Expected: expected, Complete: complete}
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return connectors.Listing[T]{}, &connectors.Error{Op: "list", Kind: connectors.KindTimeout, Err: ctx.Err()}
		}
		if err != nil {
			return l, err
		}
		return l, nil
	})
}

func sources() []*connectors.Source {
	nine, many := 9, 23
	fails := func(e connectors.Error) connectors.Lister[connectors.Account] {
		return lister[connectors.Account](time.Second, 0, nil, false, &e)
	}
	forbidden := &connectors.Error{Source: "partial", Op: "teams.listAll", Kind: connectors.KindForbidden, Status: 403, Detail: "ask for view-all-teams"}
	return []*connectors.Source{
		{
			Name: "good", Kind: "worksection",
			Prober:   probe{takes: time.Second, findings: []connectors.Finding{{What: "members, teams and contacts", OK: true}}},
			Accounts: lister[connectors.Account](1500*time.Millisecond, 12, nil, true, nil), Teams: lister[connectors.Team](0, 3, nil, true, nil),
			Contacts: lister[connectors.Contact](0, 250, nil, true, nil), ContactFolders: lister[connectors.ContactFolder](0, 0, nil, true, nil),
		},
		{
			Name: "unreachable", Kind: "kommo", Accounts: fails(connectors.Error{}), Roles: lister[connectors.Role](0, 1, nil, true, nil),
			Prober: probe{err: &connectors.Error{Source: "unreachable", Op: "account", Kind: connectors.KindTimeout}},
		},
		{
			Name: "refused", Kind: "altcraft", Accounts: fails(connectors.Error{}),
			Prober: probe{err: &connectors.Error{Source: "refused", Op: "users/list", Kind: connectors.KindUnauthorized, Status: 200, Code: "401"}},
		},
		{
			Name: "blocked", Kind: "kommo", Accounts: fails(connectors.Error{}),
			Prober: probe{err: &connectors.Error{Source: "blocked", Op: "account", Kind: connectors.KindRateLimited, Status: 403, Blocked: true}},
		},
		{
			Name: "partial", Kind: "rocketchat",
			Prober: probe{findings: []connectors.Finding{
				{What: "presence", OK: true}, {What: "e-mail addresses and roles", Note: "give the user view-full-other-user-info"},
			}},
			Accounts: lister[connectors.Account](0, 7, &nine, false, nil), Roles: lister[connectors.Role](0, 4, nil, false, nil),
			Teams: lister[connectors.Team](0, 0, nil, false, forbidden),
		},
		{Name: "unprobed", Kind: "kommo", Accounts: fails(connectors.Error{Source: "unprobed", Op: "users", Kind: connectors.KindUnauthorized, Status: 401})},
		{Name: "silent", Kind: "kommo", Accounts: fails(connectors.Error{Source: "silent", Op: "users", Kind: connectors.KindUnavailable})},
		{Name: "slow", Kind: "altcraft", Accounts: lister[connectors.Account](time.Hour, 1, nil, true, nil)},
		{Name: "broken", Kind: "altcraft", Prober: probe{err: errors.New("key hunter2")}, Accounts: fails(connectors.Error{})},
		{Name: "held back", Kind: "rocketchat", Accounts: fails(connectors.Error{}), Prober: probe{err: &connectors.Error{
			Source: "held back", Op: "users.list", Kind: connectors.KindRateLimited, RetryAfter: 55 * time.Second,
			Detail: "not sent, to stay within the source's limit",
		}}},
		{Name: "limited", Kind: "rocketchat", Prober: probe{}, Accounts: lister[connectors.Account](0, 500, nil, true, nil),
			Teams: lister[connectors.Team](0, 10, &many, false, &connectors.Error{Kind: connectors.KindRateLimited, Unsent: true,
				RetryAfter: time.Minute, Detail: "not sent, to stay within the source's limit"}),
			Roles: lister[connectors.Role](0, 0, nil, false, &connectors.Error{Kind: connectors.KindRateLimited, Unsent: true,
				RetryAfter: time.Minute, Detail: "not sent, to stay within the source's limit"})},
		{Name: "cut short", Kind: "kommo", Prober: probe{}, Accounts: lister[connectors.Account](0, 9, nil, true, nil),
			Roles: lister[connectors.Role](time.Hour, 4, nil, true, nil)},
		{Name: "empty", Kind: "altcraft"},
		{Name: "odd", Kind: "altcraft", Prober: probe{}, Accounts: connectors.ListFunc[connectors.Account](
			func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				return connectors.Listing[connectors.Account]{Records: make([]connectors.Account, 3), Anomalies: []connectors.Anomaly{
					{Field: "emails.address", Count: 2, Example: "array"}, {Field: "id", Count: 1, Example: "null"},
				}}, nil
			})},
	}
}

// The table, as an operator sees it, is one golden file, and the same in JSON another one.
func TestTable(t *testing.T) {
	t.Parallel()
	var got, inJSON strings.Builder
	var failing []string
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		reports := check.Run(ctx, sources(), nil)
		failing = check.Failing(reports)
		if err := errors.Join(check.Print(&got, reports), check.PrintJSON(&inJSON, reports, false)); err != nil {
			t.Fatal(err)
		}
	})
	golden(t, "table.txt", got.String())
	golden(t, "table.json", inJSON.String())
	bad := []string{"unreachable", "refused", "blocked", "partial", "unprobed", "silent", "slow", "broken", "held back", "odd"}
	if diff := cmp.Diff(bad, failing); diff != "" {
		t.Errorf("failing sources (-want +got):\n%s", diff)
	}
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// full fails to write after so many writes.
type full struct{ lines int }

func (f *full) Write(b []byte) (int, error) {
	if f.lines--; f.lines < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

func TestPrintReportsWriteErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reports := check.Run(t.Context(), sources()[:1], nil)
		for lines := range 2 {
			if err := check.Print(&full{lines * 11}, reports); err == nil {
				t.Errorf("a writer that fails after %d writes causes no error", lines*11)
			}
		}
	})
}
