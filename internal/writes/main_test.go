package writes_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

func TestMain(m *testing.M) {
	if os.Getenv(replicaEnv) != "" {
		os.Exit(replica())
	}
	goleak.VerifyTestMain(m, redistest.ProxyLeaks()...)
}

// fate is the result of one call that creates something.
type fate int

const (
	good        fate = iota
	cutBefore        // nothing is done, and there is no answer
	cutAfter         // it is done, and there is no answer
	late             // it is done a second after the call has been given up
	refused          // the source refuses
	tooMany          // the source answers "too many requests", once
	unreachable      // no connection
	bare             // it is done, and the answer cannot be parsed
	panics           // it is done, and the connector panics on the answer
)

// vendor is a source in memory. It creates a duplicate if it is asked for the same thing twice.
type vendor struct {
	mu      sync.Mutex
	rows    map[connectors.Collection][]row
	next    int
	lag     time.Duration // until lists have a new record
	fates   []fate        // of the next calls
	failing bool          // lists and tasks cannot be fetched
	short   bool          // lists are never complete
	made    int           // calls that were sent
	tasks   map[string]bool
	err     *connectors.Error // the error of refused
	pending sync.WaitGroup

	settings    map[snapshot.Key]snapshot.Settings // of the keeper; nil for its own
	fingerprint string
	url         string
	buildFor    time.Duration // the time to build a directory
	answering   func()        // called when something was created and before the answer is sent
	// turn is called when a call begins to wait for its turn, and returns when the turn comes. For fetches it gets the collection.
	turn func(ctx context.Context, op string)
}

type row struct {
	id, name string
	client   bool
	shownAt  time.Time
}

func newVendor() *vendor {
	return &vendor{next: 100, fingerprint: "ws", tasks: map[string]bool{}, rows: map[connectors.Collection][]row{
		connectors.Accounts:       {{id: "1", name: "ann@example.com"}, {id: "2", name: "ben@example.com"}, {id: "3"}},
		connectors.Teams:          {{id: "t1", name: "Sales"}, {id: "t2", name: "Twins"}, {id: "t3", name: "Twins"}, {id: "t4", name: "Partners", client: true}},
		connectors.Contacts:       {{id: "c1", name: "cem@example.com"}},
		connectors.ContactFolders: {{id: "f1", name: "Clients"}, {id: "f2", name: "Twins"}, {id: "f3", name: "Twins"}},
	}}
}

// holds returns how many records have a name or address.
func (v *vendor) holds(c connectors.Collection, name string) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range v.rows[c] {
		if strings.EqualFold(r.name, name) {
			n++
		}
	}
	return n
}

func (v *vendor) tune(change func(*vendor)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change(v)
}

func (v *vendor) calls() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.made
}

func listOf[R connectors.Record](v *vendor, c connectors.Collection, of func(row) R) connectors.Lister[R] {
	return connectors.ListFunc[R](func(ctx context.Context, _ connectors.Progress[R]) (connectors.Listing[R], error) {
		v.await(ctx, c.String())
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.failing {
			return connectors.Listing[R]{}, &connectors.Error{Kind: connectors.KindUnavailable, Status: 503}
		}
		var out []R
		for _, r := range v.rows[c] {
			if !time.Now().Before(r.shownAt) {
				out = append(out, of(r))
			}
		}
		return connectors.Listing[R]{Records: out, Complete: !v.short}, nil
	})
}

func (v *vendor) await(ctx context.Context, op string) {
	v.mu.Lock()
	turn := v.turn
	v.mu.Unlock()
	if turn != nil {
		turn(ctx, op)
	}
}

func (v *vendor) add(c connectors.Collection, name string, client bool) row {
	v.next++
	r := row{fmt.Sprint(v.next), name, client, time.Now().Add(v.lag)}
	v.rows[c] = append(v.rows[c], r)
	return r
}

// call executes what fate says, or else do.
func (v *vendor) call(do func() (row, error)) (row, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.made++
	next := good
	if len(v.fates) > 0 {
		next, v.fates = v.fates[0], v.fates[1:]
	}
	cut := &connectors.Error{Kind: connectors.KindUnavailable, Err: errors.New("canary")}
	switch next {
	case cutBefore:
		return row{}, cut
	case cutAfter:
		_, _ = do()
		return row{}, cut
	case late:
		v.pending.Go(func() {
			time.Sleep(time.Second)
			v.mu.Lock()
			defer v.mu.Unlock()
			_, _ = do()
		})
		return row{}, &connectors.Error{Kind: connectors.KindTimeout}
	case refused:
		e := *v.err
		e.Status = 200
		return row{}, &e
	case tooMany:
		return row{}, &connectors.Error{Kind: connectors.KindRateLimited, Status: 429, RetryAfter: time.Second}
	case unreachable:
		return row{}, &connectors.Error{Kind: connectors.KindUnavailable, Unsent: true}
	case bare:
		_, _ = do()
		return row{}, &connectors.Error{Kind: connectors.KindBadResponse, Status: 200}
	case panics:
		_, _ = do()
		panic("canary")
	case good:
	}
	return do()
}

type maker[I any, R connectors.Record] struct {
	v    *vendor
	c    connectors.Collection
	name func(I) (string, bool)
	of   func(row) R
}

var terms = connectors.Terms{
	MaxText: 40, MaxEmail: 50, MaxAddresses: 2, Access: []connectors.AccessLevel{connectors.AccessMember, connectors.AccessGuest},
	TeamKinds:  []connectors.TeamKind{connectors.TeamCompany, connectors.TeamClient},
	PhoneKinds: []connectors.PhoneKind{connectors.PhoneMain, connectors.PhoneMobile},
	TaskID:     func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" },
}

func (m maker[I, R]) Terms() connectors.Terms { return terms }

func (m maker[I, R]) Preview(in I) connectors.Preview {
	name, _ := m.name(in)
	return connectors.Preview{Op: "add_" + m.c.String(), Parameters: map[string]string{"name": name}}
}

func (m maker[I, R]) Create(ctx context.Context, in I) (R, error) {
	name, client := m.name(in)
	m.v.await(ctx, "write")
	if err := connectors.CheckConsent(ctx); err != nil {
		var none R
		return none, err
	}
	r, err := m.v.call(func() (row, error) { return m.v.add(m.c, name, client), nil })
	if err != nil {
		var none R
		return none, err
	}
	if m.v.answering != nil {
		m.v.answering()
	}
	return m.of(r), nil
}

type subscriber struct{ v *vendor }

// silent is a task that does not show its subscribers.
const silent = "33"

func (subscriber) Terms() connectors.Terms { return terms }

func (subscriber) Preview(s connectors.Subscription) connectors.Preview {
	return connectors.Preview{Op: "subscribe", Parameters: map[string]string{"task": s.TaskID, "user": s.Email}}
}

func (s subscriber) Subscribe(ctx context.Context, in connectors.Subscription) error {
	s.v.await(ctx, "write")
	if err := connectors.CheckConsent(ctx); err != nil {
		return err
	}
	_, err := s.v.call(func() (row, error) {
		s.v.tasks[in.TaskID+" "+in.Email] = !in.Off
		return row{}, nil
	})
	return err
}

func (s subscriber) Subscribed(_ context.Context, in connectors.Subscription) (bool, error) {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	if s.v.failing {
		return false, &connectors.Error{Kind: connectors.KindUnavailable, Status: 503}
	}
	switch in.TaskID {
	case "404":
		return false, &connectors.Error{Kind: connectors.KindInvalid, Status: 200, Input: "taskId"}
	case silent:
		return false, &connectors.Error{Kind: connectors.KindBadResponse, Status: 200}
	}
	return s.v.tasks[in.TaskID+" "+in.Email], nil
}

func accountOf(r row) connectors.Account {
	return connectors.Account{ID: r.id, Name: r.name, Emails: []connectors.Email{{Address: r.name}}, Active: true, Access: connectors.AccessMember}
}

func teamOf(r row) connectors.Team {
	t := connectors.Team{ID: r.id, Name: r.name, Kind: connectors.TeamCompany}
	if r.client {
		t.Kind = connectors.TeamClient
	}
	return t
}

func contactOf(r row) connectors.Contact {
	return connectors.Contact{ID: r.id, Name: "Cem Oz", Emails: []connectors.Email{{Address: r.name}}}
}

func folderOf(r row) connectors.ContactFolder {
	return connectors.ContactFolder{ID: r.id, Name: r.name}
}

func (v *vendor) source() *connectors.Source {
	return &connectors.Source{
		Name: "ws", Kind: sandbox.Worksection, URL: v.url, Fingerprint: v.fingerprint,
		Accounts: listOf(v, connectors.Accounts, accountOf), Teams: listOf(v, connectors.Teams, teamOf),
		Contacts: listOf(v, connectors.Contacts, contactOf), ContactFolders: listOf(v, connectors.ContactFolders, folderOf),
		UserInviter: maker[connectors.Invitation, connectors.Account]{v, connectors.Accounts,
			func(i connectors.Invitation) (string, bool) { return i.Email, false }, accountOf},
		TeamCreator: maker[connectors.NewTeam, connectors.Team]{v, connectors.Teams,
			func(t connectors.NewTeam) (string, bool) { return t.Name, t.Kind == connectors.TeamClient }, teamOf},
		ContactCreator: maker[connectors.NewContact, connectors.Contact]{v, connectors.Contacts,
			func(c connectors.NewContact) (string, bool) { return c.Email, false }, contactOf},
		ContactFolderCreator: maker[connectors.NewContactFolder, connectors.ContactFolder]{v, connectors.ContactFolders,
			func(f connectors.NewContactFolder) (string, bool) { return f.Name, false }, folderOf},
		TaskSubscriber: subscriber{v},
	}
}

// world is a server with the vendor as its source; others may share its store.
type world struct {
	t      testing.TB
	vendor *vendor
	keeper *snapshot.Keeper
	roster *generation.Publisher
	ledger *writes.Ledger
	writer *writes.Writer
	log    *strings.Builder
	suffix string // of the names of new records
}

// readOnlySource is a read-only source.
func readOnlySource() *connectors.Source {
	return &connectors.Source{Name: "crm", Kind: sandbox.Kommo, Fingerprint: "crm",
		Accounts: connectors.ListFunc[connectors.Account](func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "9", Name: "Dee", Active: true}}, Complete: true}, nil
		}),
		Teams: connectors.ListFunc[connectors.Team](func(context.Context, connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
			return connectors.Listing[connectors.Team]{Records: []connectors.Team{{ID: "9", Name: "Closers"}}, Complete: true}, nil
		}),
		ContactFolders: connectors.ListFunc[connectors.ContactFolder](func(context.Context, connectors.Progress[connectors.ContactFolder]) (connectors.Listing[connectors.ContactFolder], error) {
			return connectors.Listing[connectors.ContactFolder]{Records: []connectors.ContactFolder{{ID: "9", Name: "Deals"}}, Complete: true}, nil
		})}
}

// newWorld returns a server after its first fetches. It ends with the bubble of the test, or with stop.
func newWorld(t testing.TB, v *vendor, store writes.Store, change func(*writes.Options)) (w *world, stop func()) {
	t.Helper()
	w = &world{t: t, vendor: v, log: new(strings.Builder)}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	sources := []*connectors.Source{v.source(), readOnlySource()}
	w.keeper = snapshot.New(snapshot.Options{Sources: sources, Settings: v.settings})
	kept := writes.LedgerOptions{Store: store, Logger: log}
	if shared, ok := store.(writes.Sharing); ok {
		kept.Shared = shared
	}
	w.ledger = writes.NewLedger(kept)
	w.roster = generation.New(generation.Options{Keeper: w.keeper, Sources: []generation.Source{{Source: sources[0]}, {Source: sources[1]}}, Overlay: slowly{w.ledger, v.buildFor}})
	opt := writes.Options{Keeper: w.keeper, Publisher: w.roster, Ledger: w.ledger, Audit: log}
	if change != nil {
		change(&opt)
	}
	w.writer = writes.New(opt)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = w.keeper.Run(ctx) })
	running.Go(func() { _ = w.roster.Run(ctx) })
	running.Go(func() { w.ledger.Run(ctx) })
	if !w.ledger.AwaitFirst(ctx) || !w.roster.AwaitFirst(ctx) {
		t.Fatal("the first reading has not ended")
	}
	return w, func() {
		w.writer.Close()
		cancel()
		running.Wait()
		v.pending.Wait()
	}
}

func (w *world) directory() *directory.Directory {
	return w.roster.View(context.Background(), nil, false).Directory
}

func (w *world) teamID(source, name string) *string {
	for _, t := range must(w.directory().Teams(nil, directory.PageArgs{})).Nodes() {
		if t.Source.Name == source && t.Name == name {
			return &t.ID
		}
	}
	return new("none")
}

func (w *world) folderID(source, name string) *string {
	for _, f := range must(w.directory().ContactFolders(nil, directory.PageArgs{})).Nodes() {
		if f.Source.Name == source && f.Name == name {
			return &f.ID
		}
	}
	return new("none")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// kinds are the writes that create something, each something new.
var kinds = map[string]struct {
	collection connectors.Collection
	name       string
	do         func(context.Context, *world, writes.Request) (writes.Result, error)
	shows      func(*directory.Directory, connectors.Ref) bool
}{
	"inviteUser": {connectors.Accounts, "new@example.com", func(ctx context.Context, w *world, r writes.Request) (writes.Result, error) {
		return w.writer.InviteUser(ctx, r, writes.Invite{Email: "new" + w.suffix + "@example.com"})
	}, func(d *directory.Directory, ref connectors.Ref) bool { return d.AccountOf(ref) != nil }},
	"createTeam": {connectors.Teams, "New team", func(ctx context.Context, w *world, r writes.Request) (writes.Result, error) {
		return w.writer.CreateTeam(ctx, r, writes.CreateTeam{Name: "New  team " + w.suffix})
	}, func(d *directory.Directory, ref connectors.Ref) bool { return d.TeamOf(ref) != nil }},
	"createContact": {connectors.Contacts, "new@client.example", func(ctx context.Context, w *world, r writes.Request) (writes.Result, error) {
		return w.writer.CreateContact(ctx, r, writes.CreateContact{Name: "Cem Oz", Email: "new" + w.suffix + "@client.example"})
	}, func(d *directory.Directory, ref connectors.Ref) bool { return d.ContactOf(ref) != nil }},
	"createContactFolder": {connectors.ContactFolders, "New folder", func(ctx context.Context, w *world, r writes.Request) (writes.Result, error) {
		return w.writer.CreateContactFolder(ctx, r, "New folder"+w.suffix)
	}, func(d *directory.Directory, ref connectors.Ref) bool { return d.FolderOf(ref) != nil }},
}

// nameOf returns the name of the record that a kind of write creates with that suffix.
func nameOf(kind, suffix string) string {
	switch kind {
	case "createTeam":
		return strings.TrimSpace("New team " + suffix)
	case "createContactFolder":
		return "New folder" + suffix
	}
	return strings.Replace(kinds[kind].name, "@", suffix+"@", 1)
}

func kindNames() []string { return slices.Sorted(maps.Keys(kinds)) }
