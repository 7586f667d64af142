package edits_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/writes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// publisher builds the directory of some sources whenever it is asked for it.
type publisher struct {
	edits      *edits.Edits
	configured directory.Rules
	data       []directory.SourceData
	behind     bool // the newest edits are not in the directory
}

func (p *publisher) Directory() *directory.Directory {
	rules, _ := p.edits.Rules(p.configured)
	return directory.Build(rules, p.data)
}

func (p *publisher) AwaitEdits(_ context.Context, number uint64) bool {
	_, is := p.edits.Rules(p.configured)
	return is >= number && !p.behind
}

// replica is an editor with what it edits.
type replica struct {
	*edits.Editor
	*publisher
	records []writes.Record
}

func newReplica(store edits.Store, configured directory.Rules, data []directory.SourceData) *replica {
	r := &replica{publisher: &publisher{edits: edits.New(edits.Options{Store: store}), configured: configured, data: data}}
	r.Editor = edits.NewEditor(edits.EditorOptions{Edits: r.edits, Configured: configured, Publisher: r.publisher,
		Record: func(_ context.Context, line writes.Record) { r.records = append(r.records, line) }})
	return r
}

// memory is a store in memory, which several replicas may share.
type memory struct {
	mu      sync.Mutex
	value   []byte
	version int
	err     error  // of each call
	unsure  error  // of a save that has stored the value
	before  func() // called before a save
}

func (m *memory) Load(_ context.Context, known string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	version := ""
	if m.value != nil {
		version = fmt.Sprint(m.version)
	}
	if version == known {
		return nil, version, m.err
	}
	return m.value, version, m.err
}

func (m *memory) Save(_ context.Context, was string, value []byte) (string, error) {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.err != nil:
		return "", m.err
	case m.value == nil && was != "", m.value != nil && was != fmt.Sprint(m.version):
		return "", edits.ErrMoved
	}
	m.value, m.version = value, m.version+1
	return fmt.Sprint(m.version), m.unsure
}

func (m *memory) Check(context.Context) error { return nil }
func (*memory) Changed() <-chan struct{}      { return nil }

func account(id string, addresses ...string) connectors.Account {
	a := connectors.Account{ID: id, Name: "Person " + id, Active: true}
	for _, address := range addresses {
		a.Emails = append(a.Emails, connectors.Email{Address: address})
	}
	return a
}

func source(name string, accounts ...connectors.Account) directory.SourceData {
	return directory.SourceData{Name: name, Kind: "kommo", Accounts: accounts}
}

// ref reads an account in the form source/id.
func ref(text string) connectors.Ref {
	source, id, _ := strings.Cut(text, "/")
	return connectors.Ref{Source: source, ID: id}
}

func refs(texts ...string) []connectors.Ref {
	var out []connectors.Ref
	for _, text := range texts {
		out = append(out, ref(text))
	}
	return out
}

// ids returns the IDs of accounts.
func (r *replica) ids(texts ...string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, directory.AccountID(ref(text)))
	}
	return out
}

// because is a request with a reason.
func because(reason string) edits.Request {
	return edits.Request{Request: writes.Request{Caller: "ann", Method: "key"}, Reason: reason}
}

func withKey(key string) edits.Request {
	r := because("they asked for it")
	r.Key = &key
	return r
}

// people returns the people of a directory: for each the accounts, with the one first that gives them their ID.
func people(d *directory.Directory) []string {
	var out []string
	for _, u := range d.Everything().Users {
		out = append(out, accountsOf(u))
	}
	slices.Sort(out)
	return out
}

func accountsOf(u *directory.User) string {
	var refs []string
	for _, a := range u.Accounts {
		refs = append(refs, a.Core().Ref().String())
	}
	return strings.Join(refs, " ")
}

// codes returns the codes of a result's errors, with their fields.
func codes(r edits.Result) string {
	var out []string
	for _, e := range r.Errors {
		out = append(out, string(e.Code)+" "+strings.Join(e.Field, "."))
	}
	return strings.Join(out, ", ")
}

// userIDs returns for each person's accounts the ID.
func userIDs(d *directory.Directory) map[string]string {
	out := make(map[string]string)
	for _, u := range d.Everything().Users {
		out[accountsOf(u)] = u.ID
	}
	return maps.Clone(out)
}
