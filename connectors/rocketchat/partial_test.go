package rocketchat

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rocketchat/fake"
	"roster/internal/snapshot"
)

// A fetch that ends before it has asked for every user keeps the custom fields that are known of the others. A complete one shows who has none any more.
func TestAFetchThatEndsShortKeepsCustomFields(t *testing.T) {
	t.Parallel()
	users := people(20)
	for i := range users {
		users[i].CustomFields = map[string]any{"grade": i}
	}
	chat := fake.New(fake.Data{Users: users, Credentials: []fake.Credential{everything()}}, fake.Options{Version: "9.0.0", NoLimits: true})
	h := &faults.Handler{Next: chat}
	source := withFields(t, h, func(c *connectors.Config) { each(c); c.Retries = new(0) })
	type fetch struct {
		listing connectors.Listing[connectors.Account]
		err     error
	}
	var fetches [3]fetch
	fetches[0].listing, fetches[0].err = source.Accounts.List(t.Context(), nil)
	chat.Update(func(d *fake.Data) {
		d.Users[0].CustomFields = map[string]any{"grade": 100}
		d.Users[19].CustomFields = nil
	})
	h.Set(faults.Fault{On: faults.Path("users.info"), Skip: 10, Effect: faults.Reply(http.StatusServiceUnavailable, faults.Plain("no"))})
	fetches[1].listing, fetches[1].err = source.Accounts.List(t.Context(), nil)
	h.Clear()
	fetches[2].listing, fetches[2].err = source.Accounts.List(t.Context(), nil)
	if fetches[0].err != nil || fetches[1].err == nil || fetches[2].err != nil {
		t.Fatalf("errors %v, %v, %v", fetches[0].err, fetches[1].err, fetches[2].err)
	}
	synctest.Test(t, func(t *testing.T) {
		stage, calls := 0, 0
		s := &connectors.Source{Name: "chat", Kind: Name, Fingerprint: "f", Accounts: connectors.ListFunc[connectors.Account](
			func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				calls++
				return fetches[stage].listing, fetches[stage].err
			})}
		k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{s}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = k.Run(ctx) }()
		wait := func() {
			<-time.After(time.Minute)
			synctest.Wait()
		}
		wait()
		for i, want := range []struct {
			first string
			known int
		}{{"0", 20}, {"100", 20}, {"100", 19}} {
			for stage, calls = i, 0; calls == 0; wait() {
				k.Load(t.Context(), []snapshot.Key{{Source: "chat", Collection: connectors.Accounts}})
			}
			known := fieldsOf(connectors.Listing[connectors.Account]{Records: k.Current()[0].Snapshot.Records.Accounts}, "grade")
			if first := known[id(0)]; len(known) != want.known || len(first) != 1 || first[0] != want.first {
				t.Errorf("after fetch %d, %d have a grade, the first %v; want %d and %s", i, len(known), first, want.known, want.first)
			}
		}
	})
}
