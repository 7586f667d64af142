package writes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	_ "roster/connectors/registry"
	"roster/internal/snapshot"
)

func teamMade(id string) *shown {
	return &shown{Source: "ws", Fingerprint: "f", Collection: connectors.Teams, ID: id, Until: time.Now().Add(time.Hour), Record: snapshot.Records{
		Teams: []connectors.Team{{ID: id, Name: "A team with a name of its own " + id, Kind: connectors.TeamCompany}}}}
}

// Another process gets all of an account, with what only its kind of source tells. If it cannot read that, it gets the account without it: without the
// account, it would invite the person again.
func TestOthersGetTheDetailsOfAccounts(t *testing.T) {
	t.Parallel()
	const name = "worksection"
	details := connectors.KindNamed(name).Details()
	if err := json.Unmarshal([]byte(`{"Rate": 1.5, "Chats": [{"Service": "s", "Value": "\ufffd"}], "OtherContacts": "o"}`), details); err != nil {
		t.Fatal(err)
	}
	account := func(d connectors.Details) []connectors.Account {
		return []connectors.Account{{ID: "1", Name: "Ann", Emails: []connectors.Email{{Address: "ann@example.com"}}, Active: true, Details: d}}
	}
	made := func(kind connectors.KindName, d connectors.Details) *shown {
		return &shown{Source: "ws", Kind: kind, Fingerprint: "f", Collection: connectors.Accounts, ID: "1", Until: time.Now().Add(time.Hour),
			Record: snapshot.Records{Accounts: account(d)}}
	}
	encoding := []byte(connectors.KindNamed(name).DetailsEncoding())
	tests := map[string]struct {
		made   *shown
		change func(line []byte) []byte
		want   connectors.Details
	}{
		"with details":             {made: made(name, details), want: details},
		"without details":          {made: made(name, nil)},
		"of an unknown kind":       {made: made("unknown", details)},
		"of a kind without a name": {made: made("", details)},
		"in another encoding":      {made: made(name, details), change: func(b []byte) []byte { return bytes.Replace(b, encoding, []byte("9-0"), 1) }},
		"with damaged details":     {made: made(name, details), change: func(b []byte) []byte { return bytes.Replace(b, []byte(`"fields":"`), []byte(`"fields":"////`), 1) }},
		"of an earlier release": {made: made("", nil), change: func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"Details":null`), []byte(`"Worksection":{"Rate":1},"Kommo":null`), 1)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, source := new(Memory), &connectors.Source{Name: "ws", Kind: tt.made.Kind, Fingerprint: "f"}
			if !NewLedger(LedgerOptions{Store: store}).show(t.Context(), tt.made) {
				t.Fatal("not stored")
			}
			held, err := store.Get(t.Context(), OverlayName)
			if err != nil {
				t.Fatal(err)
			}
			if tt.change != nil {
				changed := tt.change(held.Value)
				if bytes.Equal(changed, held.Value) {
					t.Fatalf("not changed: %s", held.Value)
				}
				if _, ok, err := store.Put(t.Context(), OverlayName, held, changed, time.Hour); !ok || err != nil {
					t.Fatal(ok, err)
				}
			}
			other := NewLedger(LedgerOptions{Store: store})
			if err := other.exchange(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, _ := other.Additions(source, connectors.Accounts, nil)
			if diff := cmp.Diff(account(tt.want), got.Accounts); diff != "" {
				t.Errorf("the other process has (-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkShow measures a write's cost in the ledger: it merges the stored overlay and stores a new record. BenchmarkTakeUp measures the cost for
// each of the other replicas.
func BenchmarkShow(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := NewLedger(LedgerOptions{})
			for i := range n {
				l.overlay.put(teamMade(fmt.Sprint("before", i)))
			}
			if err := l.exchange(b.Context()); err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				_ = l.exchange(b.Context())
				l.show(b.Context(), teamMade(fmt.Sprint(i%10)))
			}
		})
	}
}

func BenchmarkTakeUp(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			store := new(Memory)
			one, other := NewLedger(LedgerOptions{Store: store}), NewLedger(LedgerOptions{Store: store})
			for i := range n {
				one.overlay.put(teamMade(fmt.Sprint("before", i)))
			}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				one.show(context.Background(), teamMade(fmt.Sprint(i%10)))
				b.StartTimer()
				if err := other.exchange(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
