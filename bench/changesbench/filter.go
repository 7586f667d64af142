package main

import (
	"hash/fnv"
	"slices"
)

// filter is what a subscriber wants; nothing stands for all.
type filter struct {
	title          string
	kinds, sources []string
}

// filters are those of the subscribers, in turn.
var filters = []filter{
	{title: "everything"},
	{"kinds USER, one source", []string{"USER"}, sourceNames[1:2]},
	{"two sources", nil, sourceNames[2:4]},
	{"kinds TEAM", []string{"TEAM"}, nil},
}

// selects reports whether a subscriber gets a change.
func (f *filter) selects(kind string, sources []string) bool {
	return (len(f.kinds) == 0 || slices.Contains(f.kinds, kind)) &&
		(len(f.sources) == 0 || slices.ContainsFunc(sources, func(s string) bool { return slices.Contains(f.sources, s) }))
}

// tally is a multiset of changes, as far as two of them have to be compared: their number, and the sum of their hashes.
type tally struct {
	Changes int
	Sum     uint64
}

// add adds a change of an object. Fields are the names of those that have changed, as JSON. The ID of a team is not known before, and does not count.
func (t *tally) add(kind, action, id, fields []byte) {
	if string(kind) == "TEAM" {
		id = nil
	}
	h := fnv.New64a()
	for _, part := range [][]byte{kind, action, id, fields} {
		h.Write(part)
		h.Write([]byte{0})
	}
	t.Changes++
	t.Sum += h.Sum64()
}

// plus adds the changes of another one.
func (t *tally) plus(o tally) { t.Changes, t.Sum = t.Changes+o.Changes, t.Sum+o.Sum }
