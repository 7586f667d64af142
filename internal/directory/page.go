package directory

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
)

// InputError says what is wrong with an argument, for the author of the query.
type InputError struct{ Argument, Message string }

// Error returns the argument and the message.
func (e *InputError) Error() string { return e.Argument + ": " + e.Message }

// The numbers of items on a page.
const (
	DefaultPageSize = 20
	MaxPageSize     = 500
)

// PageArgs are the arguments of a connection.
type PageArgs struct {
	First, Last   *int
	After, Before *string
}

// checkSize returns an error if a list cannot have this number of items.
func checkSize(argument string, n int) error {
	if n < 0 || n > MaxPageSize {
		return &InputError{argument, fmt.Sprintf("must be between 0 and %d, not %d", MaxPageSize, n)}
	}
	return nil
}

// Size returns the size of the page, and whether it is counted from the end.
func (p PageArgs) Size() (n int, backward bool, err error) {
	check := func(name string, n int) (int, error) { return n, checkSize(name, n) }
	switch {
	case p.First != nil && p.Last != nil:
		return 0, false, &InputError{"first", "give first or last, not both"}
	case p.Last != nil:
		n, err = check("last", *p.Last)
		return n, true, err
	case p.First != nil:
		n, err = check("first", *p.First)
		return n, false, err
	}
	return DefaultPageSize, false, nil
}

// PageInfo is the position of a page in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     Text
	EndCursor       Text
}

// page is a part of a list.
type page struct {
	table   *table
	list    listTag
	order   int
	desc    bool
	matches *set
	total   int
	items   []uint32 // in order
	more    bool     // there are matches after the page
	earlier bool     // there are matches before the page
}

// page returns one page of the matches in an order. Parent is the ID of the object to which the list belongs, such as the team of Team.members, or ""
// for a list of all items.
func (t *table) page(parent string, matches *set, field int, desc bool, args PageArgs) (*page, error) {
	size, backward, err := args.Size()
	if err != nil {
		return nil, err
	}
	o := &t.orders[field]
	perm, rank := o.perm(desc)
	lo, hi, list := 0, len(perm), t.tag(parent)
	if args.After != nil {
		at, err := cursorPlace(list, "after", *args.After, field, desc)
		if err != nil {
			return nil, err
		}
		lo = sort.Search(len(perm), func(p int) bool { return o.compare(perm[p], at, desc) > 0 })
	}
	if args.Before != nil {
		at, err := cursorPlace(list, "before", *args.Before, field, desc)
		if err != nil {
			return nil, err
		}
		hi = sort.Search(len(perm), func(p int) bool { return o.compare(perm[p], at, desc) >= 0 })
	}
	hi = max(lo, hi)
	p := &page{table: t, list: list, order: field, desc: desc, matches: matches, total: matches.size()}
	w := newWalk(matches, p.total, perm, rank)
	if err := matches.check.err(); err != nil {
		return nil, err
	}
	if backward {
		p.items, p.earlier = w.down(hi, lo, size)
		p.more = w.any(hi, len(perm))
		p.earlier = p.earlier || w.any(0, lo)
		slices.Reverse(p.items)
	} else {
		p.items, p.more = w.up(lo, hi, size)
		p.earlier = w.any(0, lo)
		p.more = p.more || w.any(hi, len(perm))
	}
	return p, nil
}

func (p *page) info() PageInfo {
	i := PageInfo{HasNextPage: p.more, HasPreviousPage: p.earlier}
	if n := len(p.items); n > 0 {
		i.StartCursor, i.EndCursor = Text(p.cursor(p.items[0])), Text(p.cursor(p.items[n-1]))
	}
	return i
}

const cursorVersion = 2

// cursor encodes an item's sort key and ID, so that it stays valid while other items appear and disappear.
func (p *page) cursor(i uint32) string {
	return encodeCursor(p.list, p.order, p.desc, p.table.orders[p.order].place(i))
}

// listTag identifies a list in its cursors: the type of its items, and the object to which it belongs.
type listTag [6]byte

func (t *table) tag(parent string) listTag {
	sum := sha256.Sum256(append([]byte{t.kind}, parent...))
	return listTag(sum[:])
}

// cursorHead is the length of a cursor before its sort key.
const cursorHead = 1 + len(listTag{}) + 3

func encodeCursor(list listTag, field int, desc bool, at place) string {
	b := make([]byte, 0, cursorHead+binary.MaxVarintLen32+len(at.key)+len(at.id))
	b = append(append(b, cursorVersion), list[:]...)
	b = append(b, byte(field), flag(desc), flag(at.without)) //nolint:gosec // a list has few orders
	b = binary.AppendUvarint(b, uint64(len(at.key)))
	b = append(b, at.key...)
	b = append(b, at.id...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// cursorPlace is the inverse of cursor. It returns an error for any other text, and for a cursor of another list or order.
func cursorPlace(own listTag, argument, cursor string, field int, desc bool) (place, error) {
	broken := &InputError{argument, "is not a cursor of this graph"}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) <= cursorHead {
		return place{}, broken
	}
	list, order := listTag(b[1:]), b[cursorHead-3:]
	n, used := binary.Uvarint(b[cursorHead:])
	rest := b[cursorHead+max(used, 0):]
	if n > uint64(len(rest)) {
		return place{}, broken
	}
	at := place{without: order[2] == 1, key: string(rest[:n]), id: string(rest[n:])}
	switch by, down := int(order[0]), order[1] == 1; {
	case encodeCursor(list, by, down, at) != cursor:
		return place{}, broken
	case list != own:
		return place{}, &InputError{argument, "is a cursor of another list"}
	case by != field || down != desc:
		return place{}, &InputError{argument, "is a cursor of another order; start again without it"}
	}
	return at, nil
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
