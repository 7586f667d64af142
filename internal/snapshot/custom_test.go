package snapshot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// asking is the source of a book with custom fields of its contacts.
func (b *book) asking(paths ...string) *connectors.Source {
	var cfg connectors.Config
	for _, path := range paths {
		cfg.CustomFields = append(cfg.CustomFields, connectors.CustomField{Path: path, Name: "x"})
	}
	s := &connectors.Source{Name: "a", Fingerprint: "f", Contacts: b}
	s.WithCustomFields(cfg, &connectors.Kind{ContactFields: true})
	return s
}

// When other custom fields are asked for, everything is fetched again at once, although the source reports changes: contacts that have not changed lack them.
// Until then, the contacts are served as they were.
func TestOtherCustomFieldsAreFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBook("1", "2")
		options := b.options()
		options.Sources = []*connectors.Source{b.asking("old")}
		old := snapshot.New(options)
		defer start(t, old)()
		pass(6 * time.Minute)
		full, changes := b.reads()
		if len(full) != 1 || len(changes) != 1 {
			t.Fatalf("%d full fetches and %d incremental ones before", len(full), len(changes))
		}
		b.do(func() { b.takes = 20 * time.Second })
		options.Sources, options.Before = []*connectors.Source{b.asking("new")}, old
		k := snapshot.New(options)
		defer start(t, k)()
		pass(15 * time.Second)
		if got := k.Current()[0].Snapshot; got == nil || len(got.Records.Contacts) != 2 {
			t.Error("the contacts are not served during the fetch")
		}
		pass(45 * time.Second)
		if full, changes = b.reads(); len(full) != 2 || len(changes) != 1 {
			t.Errorf("%d full fetches and %d incremental ones, want 2 and 1", len(full), len(changes))
		}
		options.Sources, options.Before = []*connectors.Source{b.asking("new")}, k
		next := snapshot.New(options)
		defer start(t, next)()
		pass(time.Minute)
		if full, _ = b.reads(); len(full) != 2 {
			t.Errorf("%d full fetches after a reload with the same fields, want 2", len(full))
		}
	})
}

// The custom fields of contacts are stored, and contacts with others are not taken for these.
func TestCustomFieldsAreStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		custom := &connectors.Attributes{{Name: "new", Value: "é"}, {Name: "new", Value: ""}}
		run := func(b *book, paths ...string) *connectors.Attributes {
			options := b.options()
			options.Sources, options.SharedStore = []*connectors.Source{b.asking(paths...)}, store.Join()
			k := snapshot.New(options)
			defer start(t, k)()
			pass(time.Second)
			return k.Current()[0].Snapshot.Records.Contacts[0].Custom
		}
		with := newBook("1")
		with.contacts["1"] = connectors.Contact{ID: "1", Custom: custom}
		run(with, "new")
		again, other, none := newBook("1"), newBook("1"), newBook("1")
		if diff := cmp.Diff(custom, run(again, "new")); diff != "" || len(again.full) > 0 {
			t.Errorf("after a restart, %d fetches (-want +got)\n%s", len(again.full), diff)
		}
		if got := run(other, "other"); got != nil || len(other.full) != 1 {
			t.Errorf("with another field: %v, %d fetches", got, len(other.full))
		}
		if got := run(none); got != nil || len(none.full) != 1 {
			t.Errorf("without fields: %v, %d fetches", got, len(none.full))
		}
	})
}
