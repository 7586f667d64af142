package snapshot_test

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// anomalous is a collection that returns the listing which is set.
func anomalous(l *atomic.Pointer[connectors.Listing[connectors.Account]]) snapshot.Options {
	return snapshot.Options{IdleAfter: 1000 * time.Hour, Sources: []*connectors.Source{{Name: "a", Accounts: connectors.ListFunc[connectors.Account](
		func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			return *l.Load(), nil
		})}}}
}

func listingWith(complete bool, odd ...connectors.Anomaly) *connectors.Listing[connectors.Account] {
	return &connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}}, Complete: complete, Anomalies: odd}
}

func odd(field, example string, count int) connectors.Anomaly {
	return connectors.Anomaly{Field: field, Count: count, Example: example}
}

// told returns field, type and count of each line about unreadable values, and empties the log.
func told(log *bytes.Buffer) string {
	var lines []string
	for line := range strings.Lines(log.String()) {
		if m := regexp.MustCompile(`level=WARN msg="source sends values that cannot be read" source=a collection=accounts field=(\S+) type=(\S+) count=(\S+)\n`).
			FindStringSubmatch(line); m != nil {
			lines = append(lines, strings.Join(m[1:], " "))
		}
	}
	log.Reset()
	return strings.Join(lines, ", ")
}

// The status has the anomalies of the served records, and the log has each kind of them once.
func TestAnomaliesAreToldOnce(t *testing.T) {
	t.Parallel()
	var next atomic.Pointer[connectors.Listing[connectors.Account]]
	next.Store(listingWith(true, odd("name", "object", 2)))
	var log bytes.Buffer
	opt := anomalous(&next)
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		check := func(what, lines string, status ...connectors.Anomaly) {
			t.Helper()
			pass(time.Minute + time.Second)
			if diff := cmp.Diff(status, k.Statuses()[0].Anomalies); diff != "" {
				t.Errorf("%s: status (-want +got):\n%s", what, diff)
			}
			want(t, what, lines, told(&log))
		}
		check("the first reading", "name object 2", odd("name", "object", 2))
		next.Store(listingWith(true, odd("name", "object", 3)))
		check("more of the same", "", odd("name", "object", 3))
		next.Store(listingWith(true, odd("name", "array", 1), odd("name", "object", 3)))
		check("another type", "name array 1", odd("name", "array", 1), odd("name", "object", 3))
		next.Store(listingWith(true))
		check("all is well", "")
		next.Store(listingWith(true, odd("name", "object", 1)))
		check("it comes back", "", odd("name", "object", 1))
		next.Store(listingWith(false, odd("id", "null", 1)))
		check("laid over what was there", "id null 1", odd("id", "null", 1), odd("name", "object", 1))
		want(t, "a row left out", "incomplete", k.Statuses()[0].State.String())
	})
}

// Data that another replica fetched, or this one before a restart, comes with its anomalies, which are logged already.
func TestAnomaliesAreShared(t *testing.T) {
	t.Parallel()
	var next atomic.Pointer[connectors.Listing[connectors.Account]]
	next.Store(listingWith(true, odd("name", "object", 2)))
	synctest.Test(t, func(t *testing.T) {
		local := localstore.New()
		one := anomalous(&next)
		one.SharedStore = local.Join()
		stop := start(t, snapshot.New(one))
		pass(time.Second)
		stop()
		var log bytes.Buffer
		two := anomalous(&next)
		two.SharedStore, two.Logger = local.Join(), slog.New(slog.NewTextHandler(&log, nil))
		k := snapshot.New(two)
		stop = start(t, k)
		pass(time.Second)
		st := k.Statuses()[0]
		stop()
		if st.Fetches != 0 {
			t.Errorf("it has read %d times", st.Fetches)
		}
		if diff := cmp.Diff([]connectors.Anomaly{odd("name", "object", 2)}, st.Anomalies); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		want(t, "the log of the other", "", told(&log))
	})
}

// Changes keep the anomalies of the records that they do not replace. A row without an ID among them causes a full fetch, so that the
// other changes are served.
func TestAnomaliesOfChanges(t *testing.T) {
	t.Parallel()
	b := &anomalousBook{book: newBook("1", "2"), full: []connectors.Anomaly{odd("name", "object", 2)}}
	opt := b.options()
	opt.Sources[0].Contacts = b
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		check := func(what string, readings int, status ...connectors.Anomaly) {
			t.Helper()
			pass(5*time.Minute + time.Second)
			if diff := cmp.Diff(status, k.Statuses()[0].Anomalies); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			if full, _ := b.reads(); len(full) != readings {
				t.Errorf("%s: everything was read %d times, want %d", what, len(full), readings)
			}
		}
		check("no changes", 1, odd("name", "object", 2))
		b.do(func() { b.some = []connectors.Anomaly{odd("name", "object", 1), odd("tags", "number", 1)} })
		check("changes", 1, odd("name", "object", 2), odd("tags", "number", 1))
		b.do(func() { b.some = nil })
		check("other changes", 1, odd("name", "object", 2), odd("tags", "number", 1))
		b.do(func() { b.some, b.full = []connectors.Anomaly{odd("id", "null", 1)}, nil })
		check("a row without an ID", 2)
	})
}

// anomalousBook is a book with anomalies.
type anomalousBook struct {
	*book
	full, some []connectors.Anomaly
}

func (b *anomalousBook) List(ctx context.Context, p connectors.Progress[connectors.Contact]) (connectors.Listing[connectors.Contact], error) {
	l, err := b.book.List(ctx, p)
	b.do(func() { l.Anomalies = b.full })
	return l, err
}

func (b *anomalousBook) Changes(
	ctx context.Context, state connectors.State, p connectors.Progress[connectors.Contact],
) (connectors.Listing[connectors.Contact], error) {
	l, err := b.book.Changes(ctx, state, p)
	b.do(func() { l.Anomalies = b.some })
	for _, a := range l.Anomalies {
		l.Complete = l.Complete && a.Field != connectors.FieldID
	}
	return l, err
}
