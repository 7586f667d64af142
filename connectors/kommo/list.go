package kommo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"net/http"
	"slices"
	"strconv"

	"roster/connectors"
	"roster/connectors/decode"
)

const (
	// maxPageSize is the largest page that Kommo gives. It refuses a request for more.
	maxPageSize = 250
	// pageSize is the same, as a query parameter.
	pageSize = "250"
	// maxPages stops a listing that never ends: it is far above any address book.
	maxPages = 100_000
)

// endpoint is a paged list: where it begins, what its rows are called in the answer, and how a row becomes a record.
type endpoint[T connectors.Record] struct {
	op, path, query string
	key             string
	// convert returns false for a row that is no record, such as a deleted one.
	convert func(decode.Value) (T, bool)
}

// list reads all pages of an endpoint: it follows the link to the next page until there is none, or until an empty reply (204). If a number or a
// full page speaks for rows behind a page without a link, it asks for the next page by its number.
func list[T connectors.Record](
	ctx context.Context, c *client, e endpoint[T], progress connectors.Progress[T],
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
			count.saidLast = true
			return finish(&got, &count), nil
		}
		p, err := decodePage(resp, e.key, &got.Anomalies)
		if err != nil {
			return fail(err)
		}
		if seen[p.digest] {
			return fail(resp.Fail(connectors.KindBadResponse, "the same page came twice"))
		}
		seen[p.digest] = true
		count.page(&p)
		if most := c.rest.MaxRows(); count.rows > most {
			return fail(resp.Fail(connectors.KindBadResponse, connectors.DetailTooManyRows(most)))
		}
		take(&got, p.rows, e.convert)
		switch {
		case p.next != "":
			if path, query, err = c.rest.Below(e.op, p.next); err != nil {
				return fail(err)
			}
		case len(p.rows) > 0 && count.more(len(p.rows)):
			path, query = e.path, e.query+"&page="+strconv.Itoa(count.pagesRead+1)
		default:
			return finish(&got, &count), nil
		}
		if progress != nil {
			progress(got.Listing(count.total, false))
		}
	}
	return fail(&connectors.Error{Source: c.source, Op: e.op, Kind: connectors.KindBadResponse, Detail: "the pages do not end"})
}

// take converts rows and gathers the records.
func take[T connectors.Record](got *connectors.Collector[T], rows []decode.Value, convert func(decode.Value) (T, bool)) {
	for _, row := range rows {
		if record, ok := convert(row.Noting(&got.Anomalies)); ok {
			got.Add(record)
		}
	}
}

// finish returns the whole listing, in the order of IDs: Kommo promises none for users and roles.
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

// counter holds the counts that pages of users and roles carry against what was read. A total that changes on the way says that rows have moved between
// pages, perhaps past the reader.
type counter struct {
	total        *int // as the latest page says; nil while none does
	pages        *int // the same
	pagesRead    int  // pages
	rows         int  // on them
	noNextLink   bool // the latest page had no link to a next one
	saidLast     bool // it had links, and none to a next one
	contradicted bool // the numbers cannot be read, or have contradicted each other, or the rows; or a page came without its list
}

func (c *counter) page(p *page) {
	rows := len(p.rows)
	c.contradicted = c.contradicted || p.odd || !p.listed || c.noNextLink && rows > 0 // there was a next page after all
	c.pagesRead++
	c.rows += rows
	c.noNextLink, c.saidLast = p.next == "", p.ends
	c.contradicted = c.contradicted || p.number != nil && *p.number != c.pagesRead
	if p.pages != nil {
		c.pages = p.pages
		c.contradicted = c.contradicted || *p.pages < c.pagesRead && rows > 0
	}
	if p.total != nil {
		c.contradicted = c.contradicted || *p.total < c.rows || c.total != nil && *c.total != *p.total
		c.total = p.total
	}
}

// more reports whether rows may follow the latest page, which has rows and no link to a next one.
func (c *counter) more(rows int) bool {
	return rows >= maxPageSize || c.pages != nil && *c.pages > c.pagesRead || c.total != nil && *c.total > c.rows
}

// whole reports whether the list has ended, by its links or by a count, and all counts agree with what was read.
func (c *counter) whole() bool {
	told := c.saidLast || c.pages != nil || c.total != nil
	return told && !c.contradicted && (c.total == nil || *c.total == c.rows) && (c.pages == nil || *c.pages <= c.pagesRead)
}
