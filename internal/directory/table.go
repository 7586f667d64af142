package directory

import (
	"encoding/binary"
	"slices"
	"sort"
	"strings"
	"time"
)

// table indexes the items of one list. Items are numbered in the order of their names, which is the most frequent order of queries. Everything that depends
// only on the data is computed once, when the table is built.
type table struct {
	kind   byte // distinguishes the cursors of the lists
	ids    []string
	orders []order // by the list's order field; 0 is the order by name
	attrs  []attribute
	custom []customIndex // by name
	words  wordIndex
}

// numbered sorts items by name and then by ID, passes each its number, and starts their table.
func numbered[T any](kind byte, items []T, names *collation, name, id func(T) string, number func(T, uint32)) *table {
	type keyed struct {
		item    T
		key, id string
	}
	ks := make([]keyed, len(items))
	for i, it := range items {
		ks[i] = keyed{it, names.key(name(it)), id(it)}
	}
	slices.SortFunc(ks, func(a, b keyed) int { return compareThenID(a.key, b.key, a.id, b.id) })
	t := &table{kind: kind, ids: make([]string, len(items))}
	keys := make([]string, len(items))
	for i, k := range ks {
		items[i], t.ids[i], keys[i] = k.item, k.id, k.key
		number(k.item, uint32(i))
	}
	t.orders = append(t.orders, newOrder(t.ids, keys, nil))
	return t
}

// everything returns the set of all items.
func (t *table) everything() *set { return everything(len(t.ids)) }

// having returns the set of the items with any of these values.
func (t *table) having(attr int, values ...string) *set {
	return t.attrs[attr].having(len(t.ids), values)
}

// itemsHaving returns the items with the value, in their order. Nobody may change the list.
func (t *table) itemsHaving(attr int, value string) []uint32 {
	a := &t.attrs[attr]
	if i, ok := a.byName[value]; ok {
		return a.items[i]
	}
	return nil
}

// search keeps the items that match the query. A nil query matches all items.
func (t *table) search(s *set, query *string) error {
	if query == nil {
		return nil
	}
	return t.words.search(s, *query)
}

// order is one sort order of a list, in both directions. In both, items without a value are last, and items with the same value are sorted by ID.
type order struct {
	ids       []string
	keys      []string // byte order is sort order
	without   []bool   // nil if every item has a value
	asc, desc []uint32
	ascRank   []uint32 // the position of each item in asc
	descRank  []uint32
}

func newOrder(ids, keys []string, without []bool) order {
	o := order{ids: ids, keys: keys, without: without}
	o.asc = make([]uint32, len(ids))
	for i := range o.asc {
		o.asc[i] = uint32(i)
	}
	slices.SortFunc(o.asc, func(a, b uint32) int { return o.compare(a, o.place(b), false) })
	o.desc = o.reversed()
	o.ascRank, o.descRank = ranks(o.asc), ranks(o.desc)
	return o
}

// reversed returns asc in reverse, except that items with the same value stay sorted by ID, and items without a value stay last.
func (o *order) reversed() []uint32 {
	out := make([]uint32, 0, len(o.asc))
	end := len(o.asc)
	for end > 0 && o.place(o.asc[end-1]).without {
		end--
	}
	for hi := end; hi > 0; {
		lo := hi - 1
		for lo > 0 && o.keys[o.asc[lo-1]] == o.keys[o.asc[hi-1]] {
			lo--
		}
		out = append(out, o.asc[lo:hi]...)
		hi = lo
	}
	return append(out, o.asc[end:]...)
}

func ranks(perm []uint32) []uint32 {
	out := make([]uint32, len(perm))
	for p, i := range perm {
		out[i] = uint32(p)
	}
	return out
}

// place is the position of an item in an order. It stays valid if the item no longer exists.
type place struct {
	without bool
	key, id string
}

func (o *order) place(i uint32) place {
	if o.without != nil && o.without[i] {
		return place{without: true, id: o.ids[i]}
	}
	return place{key: o.keys[i], id: o.ids[i]}
}

// compare returns a negative number if item i is before the place, and a positive number if it is after it.
func (o *order) compare(i uint32, p place, descending bool) int {
	q := o.place(i)
	if q.without != p.without {
		if q.without {
			return 1
		}
		return -1
	}
	if descending && q.key != p.key {
		return strings.Compare(p.key, q.key)
	}
	return compareThenID(q.key, p.key, q.id, p.id)
}

// compareThenID compares IDs only if the keys are equal. Most of the time of sorting is spent here.
func compareThenID(key, otherKey, id, otherID string) int {
	if c := strings.Compare(key, otherKey); c != 0 {
		return c
	}
	return strings.Compare(id, otherID)
}

func (o *order) perm(descending bool) (perm, rank []uint32) {
	if descending {
		return o.desc, o.descRank
	}
	return o.asc, o.ascRank
}

// orderBy adds an order to the table. The function key returns an item's sort key, and whether it has one.
func (t *table) orderBy(key func(i int) (string, bool)) {
	keys, without := make([]string, len(t.ids)), []bool(nil)
	for i := range keys {
		k, ok := key(i)
		if !ok && without == nil {
			without = make([]bool, len(t.ids))
		}
		if !ok {
			without[i] = true
		}
		keys[i] = k
	}
	t.orders = append(t.orders, newOrder(t.ids, keys, without))
}

// orderByTime adds an order by a time to the table. An item whose time is zero has none.
func (t *table) orderByTime(at func(i int) time.Time) {
	t.orderBy(func(i int) (string, bool) { return timeKey(at(i)), !at(i).IsZero() })
}

// keepTimes keeps only items whose time in an order is not before the first instant, and before the second one. Nil is no bound. With a bound, an item
// without a time is not kept.
func (t *table) keepTimes(s *set, field int, from, before *time.Time) {
	if from == nil && before == nil {
		return
	}
	o := &t.orders[field]
	// first returns the position of the first item that is not before the place.
	first := func(at place) int {
		return sort.Search(len(o.asc), func(p int) bool { return o.compare(o.asc[p], at, false) >= 0 })
	}
	lo, end := 0, place{without: true}
	if from != nil {
		lo = first(place{key: timeKey(*from)})
	}
	if before != nil {
		end = place{key: timeKey(*before)}
	}
	hi := first(end)
	kept := newSet(len(t.ids))
	kept.addAll(o.asc[lo:max(lo, hi)])
	s.intersect(kept)
}

func timeKey(t time.Time) string { return numberKey(t.UnixMicro()) }

// numberKey returns the sort key of a number.
func numberKey(n int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)^1<<63) //nolint:gosec // flipping the sign bit makes byte order numeric order
	return string(b[:])
}
