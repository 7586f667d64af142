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
	field  string // the mutation's name in the schema
	source *connectors.Source
	thing  string // the natural name of what the write changes; two writes must not change it at the same time
	values any    // the input: distinguishes inputs of one key, and goes to the audit if the operator wants that
	key    snapshot.Key
	began  time.Time
	// replayed reports that the answer is the stored answer of the idempotency key.
	replayed bool
	// known is the answer as soon as it is known, while the write waits until all replicas show the record.
	known atomic.Pointer[Result]
	// preview returns what would be sent.
	preview func() connectors.Preview
	// make creates the record in the source and returns it.
	make func(context.Context) (snapshot.Records, string, error)
	// find searches records for the thing.
	find func(snapshot.Records) (id string, is match)
	// conflict is the error if the existing record differs from what the input asks for.
	conflict UserError
	// shows reports whether a directory has the record.
	shows func(*directory.Directory, connectors.Ref) bool
}

// name identifies what two writes must not change at the same time. It uses the source's name, not the fingerprint: replicas share the name even while
// one of them has a new credential already.
func (c *change) name() string { return nameOf(c.source.Name, c.thing) }

// keyAndInput returns the name of the idempotency key and a hash of its input. The source's address is part of the hash, because it identifies the
// account behind the name. The fingerprint is not: a new credential of the same account does not make a different input.
func (c *change) keyAndInput() (name, input string, err error) {
	values, err := json.Marshal(c.values)
	if err != nil {
		return "", "", err
	}
	return keyOf(c.Method, c.Caller, *c.Key), nameOf(c.field, c.source.Name, string(c.source.Kind), c.source.URL, string(values)), nil
}

// match is the result of comparing an existing record with the one to create.
type match uint8

const (
	absent match = iota
	same
	other // same name or address, but it differs in something that the input asks for
)

// recordType is how writes handle one type of record.
type recordType[R connectors.Record] struct {
	collection connectors.Collection
	of         func(*snapshot.Records) *[]R
	shows      func(*directory.Directory, connectors.Ref) bool
}

var (
	ofAccounts = recordType[connectors.Account]{connectors.Accounts, func(r *snapshot.Records) *[]connectors.Account { return &r.Accounts },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.AccountOf(ref) != nil }}
	ofTeams = recordType[connectors.Team]{connectors.Teams, func(r *snapshot.Records) *[]connectors.Team { return &r.Teams },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.TeamOf(ref) != nil }}
	ofContacts = recordType[connectors.Contact]{connectors.Contacts, func(r *snapshot.Records) *[]connectors.Contact { return &r.Contacts },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.ContactOf(ref) != nil }}
	ofFolders = recordType[connectors.ContactFolder]{connectors.ContactFolders,
		func(r *snapshot.Records) *[]connectors.ContactFolder { return &r.ContactFolders },
		func(d *directory.Directory, ref connectors.Ref) bool { return d.FolderOf(ref) != nil }}
)

// setCreate sets how a record is created and found again. Is compares an existing record with the one to create. Among several records, one that is
// the same wins over one that differs; otherwise the first one wins.
func setCreate[I any, R connectors.Record](c *change, n recordType[R], by connectors.Creator[I, R], in I, is func(*R) match) {
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

// ref returns the reference of a record in the change's source.
func (c *change) ref(id string) *connectors.Ref {
	return &connectors.Ref{Source: c.source.Name, ID: id}
}

// existing returns the answer if the record exists already.
func (c *change) existing(id string, is match) Result {
	if is == other {
		return Result{Outcome: Rejected, Ref: c.ref(id), Errors: []UserError{c.conflict}}
	}
	return Result{Outcome: AlreadyDone, Ref: c.ref(id)}
}

func (c *change) wouldSend() json.RawMessage {
	b, _ := json.Marshal(c.preview()) //nolint:errchkjson // texts only
	return b
}
