package snapshot

import (
	"cmp"
	"context"
	"slices"
	"time"

	"roster/connectors"
	"roster/connectors/wire"
	"roster/internal/history"
)

// kind is what the keeper does with one kind of records, independent of their type.
type kind interface {
	// list fetches the collection; progress may be nil.
	list(ctx context.Context, s *connectors.Source, progress func(fetchResult)) (fetchResult, error)
	// reportsChanges reports whether the source can report changes. changes fetches those since the fetch with that state.
	reportsChanges(s *connectors.Source) bool
	changes(ctx context.Context, s *connectors.Source, state connectors.State, progress func(fetchResult)) (fetchResult, error)
	// same reports whether each of the newer records is equal to one of the older records. Both are in order.
	same(older, newer Records) bool
	// merge merges newer records into older ones: it adds and replaces, and removes the older ones whose IDs are gone. Both are in order.
	merge(older, newer Records, gone []string) Records
	// has reports whether one of the records, which are in order, has the ID.
	has(r Records, id string) bool
	// lost counts the older records that are not among the newer ones. The older are in order.
	lost(older, newer Records) int
	// version hashes records that are in order.
	version(Records) (string, error)
	// encode and decode are for the shared store.
	encode(Records) ([][]byte, error)
	decode(parts [][]byte, count int) (Records, error)
	// of returns the same for a kind of source, which describes the details of its accounts; nil for none. With extra, its records have
	// what only settings ask for.
	of(k *connectors.Kind, extra bool) kind
	// history returns the history after a fetch that brought the newer records, and of which only those with the IDs are gone; with all, the
	// fetch brought all records.
	history(h *history.History, older, newer Records, gone []string, all bool, at time.Time, settings *Settings) *history.History
	// size returns about how many bytes of memory the records take.
	size(Records) int
}

var kinds = map[connectors.Collection]kind{
	connectors.Accounts: kindOf[connectors.Account]{
		connectors.Accounts,
		func(s *connectors.Source) connectors.Lister[connectors.Account] { return s.Accounts },
		func(r *Records) *[]connectors.Account { return &r.Accounts },
		withDetails(nil), withDetails, accountContent, accountValues, withExtra,
	},
	connectors.Teams: kindOf[connectors.Team]{
		connectors.Teams,
		func(s *connectors.Source) connectors.Lister[connectors.Team] { return s.Teams },
		func(r *Records) *[]connectors.Team { return &r.Teams },
		teamFields, nil, teamFields, teamFields, nil,
	},
	connectors.Roles: kindOf[connectors.Role]{
		connectors.Roles,
		func(s *connectors.Source) connectors.Lister[connectors.Role] { return s.Roles },
		func(r *Records) *[]connectors.Role { return &r.Roles },
		roleFields, nil, roleFields, roleFields, nil,
	},
	connectors.Contacts: kindOf[connectors.Contact]{
		connectors.Contacts,
		func(s *connectors.Source) connectors.Lister[connectors.Contact] { return s.Contacts },
		func(r *Records) *[]connectors.Contact { return &r.Contacts },
		contactFields, nil, contactContent, contactContent, withCustom,
	},
	connectors.ContactFolders: kindOf[connectors.ContactFolder]{
		connectors.ContactFolders,
		func(s *connectors.Source) connectors.Lister[connectors.ContactFolder] { return s.ContactFolders },
		func(r *Records) *[]connectors.ContactFolder { return &r.ContactFolders },
		folderFields, nil, folderFields, folderFields, nil,
	},
}

type kindOf[T connectors.Record] struct {
	collection connectors.Collection
	lister     func(*connectors.Source) connectors.Lister[T]
	field      func(*Records) *[]T
	fields     func(*wire.Codec, *T)
	fieldsOf   func(*connectors.Kind) func(*wire.Codec, *T) // nil if the fields do not depend on the kind of source
	content    func(*wire.Codec, *T)                        // what is compared and hashed; it only encodes
	values     func(*wire.Codec, *T)                        // what counts as a change of a record; it only encodes
	withExtra  func(func(*wire.Codec, *T)) func(*wire.Codec, *T)
}

func (k kindOf[T]) of(source *connectors.Kind, extra bool) kind {
	if k.fieldsOf != nil {
		k.fields = k.fieldsOf(source)
	}
	if k.withExtra != nil && extra {
		k.fields = k.withExtra(k.fields)
	}
	return k
}

func (k kindOf[T]) list(ctx context.Context, s *connectors.Source, progress func(fetchResult)) (fetchResult, error) {
	var tell connectors.Progress[T]
	if progress != nil {
		tell = func(l connectors.Listing[T]) { progress(k.resultOf(l)) }
	}
	ctx, end := connectors.WithFetch(ctx)
	defer end()
	l, err := k.lister(s).List(ctx, tell)
	return k.resultOf(l), err
}

func (k kindOf[T]) resultOf(l connectors.Listing[T]) fetchResult {
	r := fetchResult{expected: l.Expected, pending: l.Pending, complete: l.Complete, anomalies: l.Anomalies, began: l.Began, spent: l.Spent, state: l.State}
	*k.field(&r.records) = l.Records
	return r
}

func (k kindOf[T]) merge(older, newer Records, gone []string) Records {
	a, b := without(*k.field(&older), gone), inOrder(*k.field(&newer))
	if len(a) == 0 {
		*k.field(&newer) = b
		return newer
	}
	all := make([]T, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch order := cmp.Compare(a[0].Key(), b[0].Key()); {
		case order < 0:
			all, a = append(all, a[0]), a[1:]
		case order > 0:
			all, b = append(all, b[0]), b[1:]
		default:
			all, a, b = append(all, b[0]), a[1:], b[1:]
		}
	}
	all = append(append(all, a...), b...)
	var r Records
	*k.field(&r) = all
	return r
}

func (k kindOf[T]) lost(older, newer Records) int {
	b := inOrder(*k.field(&newer))
	n := 0
	for _, r := range *k.field(&older) {
		for len(b) > 0 && b[0].Key() < r.Key() {
			b = b[1:]
		}
		if len(b) == 0 || b[0].Key() != r.Key() {
			n++
		}
	}
	return n
}

// without returns the records whose IDs are not gone. It does not change the slice.
func without[T connectors.Record](records []T, gone []string) []T {
	if len(gone) == 0 {
		return records
	}
	ids := make(map[string]bool, len(gone))
	for _, id := range gone {
		ids[id] = true
	}
	return slices.DeleteFunc(slices.Clone(records), func(r T) bool { return ids[r.Key()] })
}

// inOrder returns the records in the order of their IDs. Of several records with one ID it keeps the last, which was fetched last. It does
// not change the slice, which belongs to the connector.
func inOrder[T connectors.Record](records []T) []T {
	sorted := true
	for i := 1; i < len(records) && sorted; i++ {
		sorted = records[i-1].Key() < records[i].Key()
	}
	if sorted {
		return records
	}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b T) int { return cmp.Compare(a.Key(), b.Key()) })
	kept := records[:0]
	for i, r := range records {
		if i+1 == len(records) || records[i+1].Key() != r.Key() {
			kept = append(kept, r)
		}
	}
	clear(records[len(kept):])
	return kept
}
