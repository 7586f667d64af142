package snapshot_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// What the settings of a source ask for is stored with the snapshot, so that a restart keeps it. Without these settings, it is not found.
func TestExtraIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		never := []string{"services"}
		extra := &connectors.Extra{Raw: []byte(`{"id":"1","note":"é"}`)}
		source := func(cfg connectors.Config, extra *connectors.Extra, reads *int) *connectors.Source {
			s := &connectors.Source{Name: "a", Fingerprint: "f", Accounts: connectors.ListFunc[connectors.Account](
				func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
					*reads++
					return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1", Extra: extra}}, Complete: true}, nil
				})}
			s.WithExtra(cfg, &connectors.Kind{NeverShown: never})
			return s
		}
		run := func(s *connectors.Source) *connectors.Extra {
			k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{s}, SharedStore: store.Join()})
			defer start(t, k)()
			pass(time.Second)
			return k.Current()[0].Snapshot.Records.Accounts[0].Extra
		}
		var before, after, without, filtered int
		raw := connectors.Config{Raw: true}
		run(source(raw, extra, &before))
		if diff := cmp.Diff(extra, run(source(raw, nil, &after))); diff != "" || before != 1 || after != 0 {
			t.Errorf("after a restart, %d and %d readings (-want +got):\n%s", before, after, diff)
		}
		never = append(never, "note") // a row that was kept by another filter is not read
		if got := run(source(raw, nil, &filtered)); got != nil || filtered != 1 {
			t.Errorf("with another filter, %d readings and %v", filtered, got)
		}
		if got := run(source(connectors.Config{}, nil, &without)); got != nil || without != 1 {
			t.Errorf("without raw, %d readings and %v", without, got)
		}
	})
}
