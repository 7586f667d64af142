package writes

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// change is one write that has passed its checks.
type change struct {
	Request
	field  string // what it is called in the graph
	source *connectors.Source
	thing  string // what two writes must not touch at a time, by its natural name
	values any    // the input, for telling inputs of one key apart, and for the audit where that wants it
	key    snapshot.Key
	began  time.Time
	// replayed says that what was answered is the answer that the idempotency key had got before.
	replayed bool
	// known is the answer from when it is known, while it is waited that all show what was made.
	known atomic.Pointer[Result]
	// preview says what would be sent.
	preview func() connectors.Preview
	// make makes it, and gives the record.
	make func(context.Context) (snapshot.Records, string, error)
	// find looks for it among records.
	find func(snapshot.Records) (id string, is match)
	// conflict says why what is there is not what was asked for.
	conflict UserError
	// shows says whether the directory has the record.
	shows func(*directory.Directory, connectors.Ref) bool
}

// name names what two writes must not touch at a time. It goes by the source's name, which replicas have in common also while one of them has
// another credential already, as its fingerprint then has not.
func (c *change) name() string { return nameOf(c.source.Name, c.thing) }

// keyed names the idempotency key, and its input. The address of the source is part of it, which tells the account behind the name apart. Its
// fingerprint is not: a new credential of the same account makes no other input.
func (c *change) keyed() (name, input string, err error) {
	values, err := json.Marshal(c.values)
	if err != nil {
		return "", "", err
	}
	return keyOf(c.Method, c.Caller, *c.Key), nameOf(c.field, c.source.Name, string(c.source.Kind), c.source.URL, string(values)), nil
}

// match is how what is there compares with what is to be made.
type match uint8

const (
	absent match = iota
	same
	other // it has the name or address, and differs in something that was asked for
)

// nature is how writes of one kind of records go about it.
type nature[R connectors.Record] struct {
	collection connectors.Collection
	of         func(*snapshot.Records) *[]R
	shows      func(*directory.Directory, connectors.Ref) bool
}

var (
	ofAccounts = nature[connectors.Account]{connectors.Accounts, func(r *snapshot.Records) *[]connectors.Account { return &r.Accounts },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.AccountOf(ref) != nil }}
	ofTeams = nature[connectors.Team]{connectors.Teams, func(r *snapshot.Records) *[]connectors.Team { return &r.Teams },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.TeamOf(ref) != nil }}
	ofContacts = nature[connectors.Contact]{connectors.Contacts, func(r *snapshot.Records) *[]connectors.Contact { return &r.Contacts },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.ContactOf(ref) != nil }}
	ofFolders = nature[connectors.ContactFolder]{connectors.ContactFolders,
		func(r *snapshot.Records) *[]connectors.ContactFolder { return &r.ContactFolders },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.FolderOf(ref) != nil }}
)

// making fills in how a record is made and found again. Is compares a record that is there with the one to make. Of several, one that is the
// same counts before one that is not, and else the first.
func making[I any, R connectors.Record](c *change, n nature[R], by connectors.Creator[I, R], in I, is func(*R) match) {
	c.key = snapshot.Key{Source: c.source.Name, Collection: n.collection}
	c.shows = n.shows
	c.preview = func() connectors.Preview { return by.Preview(in) }
	c.make = func(ctx context.Context) (snapshot.Records, string, error) {
		made, err := by.Create(ctx, in)
		if err != nil {
			return snapshot.Records{}, "", err
		}
		var r snapshot.Records
		*n.of(&r) = []R{made}
		return r, made.Key(), nil
	}
	c.find = func(r snapshot.Records) (id string, found match) {
		all := *n.of(&r)
		for i := range all {
			switch is(&all[i]) {
			case same:
				return all[i].Key(), same
			case other:
				if found == absent {
					id, found = all[i].Key(), other
				}
			case absent:
			}
		}
		return id, found
	}
}

// ref names a record of the change's source.
func (c *change) ref(id string) *connectors.Ref {
	return &connectors.Ref{Source: c.source.Name, ID: id}
}

// there is the answer for what is there already.
func (c *change) there(id string, is match) Result {
	if is == other {
		return Result{Outcome: Rejected, Ref: c.ref(id), Errors: []UserError{c.conflict}}
	}
	return Result{Outcome: AlreadyDone, Ref: c.ref(id)}
}

func (c *change) wouldSend() json.RawMessage {
	b, _ := json.Marshal(c.preview()) //nolint:errchkjson // texts only
	return b
}
