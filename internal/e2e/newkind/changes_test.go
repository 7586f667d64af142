package newkind_test

import (
	"context"
	"strconv"

	"roster/connectors"
)

// What makes the file a source that reports changes: lines are appended to it.
var _ connectors.ChangeLister[connectors.Account] = (*file)(nil)

// Changes reads the lines that have been added since. The state is how many there were.
func (f *file) Changes(_ context.Context, state connectors.State, _ connectors.Progress[connectors.Account]) (l connectors.Listing[connectors.Account], err error) {
	known, err := strconv.Atoi(string(state))
	people, n, readErr := f.lines(known)
	if err != nil || readErr == nil && n < known {
		return l, &connectors.Error{Source: f.name, Op: "read", Kind: connectors.KindUnsupported, Detail: "the file is shorter than it was"}
	}
	for _, p := range people {
		if p.Left {
			l.Gone = append(l.Gone, p.ID)
		} else {
			l.Records = append(l.Records, account(p))
		}
	}
	l.Complete, l.State = readErr == nil, connectors.State(strconv.Itoa(n))
	return l, readErr
}
