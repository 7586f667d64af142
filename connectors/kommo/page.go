package kommo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"net/http"
	"slices"

	"roster/connectors"
)

const (
	// pageSize is the most that Kommo gives at once; more is refused.
	maxPageSize = 250
	pageSize    = "250"
	// maxPages stops a listing that never ends: it is far above any address book.
	maxPages = 100_000
)

// endpoint is a paged list: where it begins, what its rows are called in the answer, and how a row becomes a record.
type endpoint[W any, T connectors.Record] struct {
	op, path, query string
	key             string
	// convert gives false for a row that is no record, such as a deleted one.
	convert func(W) (T, bool)
}

// list reads all pages of an endpoint: it follows the link to the next page until there is none, or until an empty reply (204).
func list[W any, T connectors.Record](
	ctx context.Context, c *client, e endpoint[W, T], progress connectors.Progress[T],
) (connectors.Listing[T], error) {
	var got connectors.Collector[T]
	var count counter
	fail := func(err error) (connectors.Listing[T], error) { return got.Listing(count.total, false), err }
	seen := make(map[[sha256.Size]byte]bool)
	path, query := e.path, e.query
	for range maxPages {
		resp, err := c.get(ctx, e.op, path, query)
		if err != nil {
			return fail(err)
		}
		if resp.Status == http.StatusNoContent {
			return finish(&got, &count), nil
		}
		p, rows, err := decodePage[W](resp, e.key)
		if err != nil {
			return fail(err)
		}
		if seen[p.digest] {
			return fail(resp.Fail(connectors.KindBadResponse, "the same page came twice"))
		}
		seen[p.digest] = true
		count.page(p)
		for _, row := range rows {
			if record, ok := e.convert(row); ok {
				got.Add(record)
			}
		}
		if p.next == "" {
			return finish(&got, &count), nil
		}
		if path, query, err = c.rest.Below(e.op, p.next); err != nil {
			return fail(err)
		}
		if progress != nil {
			progress(got.Listing(count.total, false))
		}
	}
	return fail(&connectors.Error{Source: c.source, Op: e.op, Kind: connectors.KindBadResponse, Detail: "the pages do not end"})
}

// finish gives the whole listing, in the order of IDs: Kommo promises none for users and roles.
func finish[T connectors.Record](got *connectors.Collector[T], count *counter) connectors.Listing[T] {
	l := got.Listing(count.total, count.whole())
	byID := func(a, b T) int { return compareIDs(a.Key(), b.Key()) }
	if !slices.IsSortedFunc(l.Records, byID) {
		l.Records = slices.Clone(l.Records) // the same array may have been handed out as progress
		slices.SortFunc(l.Records, byID)
	}
	return l
}

// compareIDs orders decimal numbers of any length without leading zeros.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// counter holds the counts that pages of users and roles carry against what was read. A total above the rows is no sign of a gap, since
// Kommo's total is only a hint. But a total that changes on the way says that rows have moved between pages, perhaps past the reader.
type counter struct {
	total *int // as the latest page says; nil while none does
	moved bool
	read  int // pages
	pages int // as the latest page says
}

func (c *counter) page(p page) {
	c.read++
	if p.pages > 0 {
		c.pages = p.pages
	}
	if p.total != nil {
		c.moved = c.moved || (c.total != nil && *c.total != *p.total)
		c.total = p.total
	}
}

func (c *counter) whole() bool { return !c.moved && c.read >= c.pages }
