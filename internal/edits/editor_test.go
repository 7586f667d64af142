package edits_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/writes"
)

// company is three people with one address each, in three sources, and one without an address.
func company() []directory.SourceData {
	return []directory.SourceData{
		source("ws", account("1", "ann@a.example"), account("2", "ben@a.example")),
		source("crm", account("1", "ann@a.example"), account("3", "cem@a.example")),
		source("chat", account("1", "ann@a.example"), account("4")),
	}
}

// do carries out an edit that must succeed.
func do(t *testing.T, r edits.Result, err error) *edits.Edit {
	t.Helper()
	if err != nil || r.Outcome != writes.Done || r.Edit == nil || !r.Shown {
		t.Fatalf("%+v, %v", r, err)
	}
	return r.Edit
}

func wantPeople(t *testing.T, r *replica, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, people(r.Directory())); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
}

func TestLinkAndUndo(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	before := userIDs(r.Directory())
	res, err := r.LinkAccounts(t.Context(), because("Cem is Ben"), r.ids("crm/3", "ws/2"))
	edit := do(t, res, err)
	wantPeople(t, r, "ws/1 crm/1 chat/1", "ws/2 crm/3", "chat/4")
	d := r.Directory()
	cem, _ := d.User(before["crm/3"])
	if cem == nil || accountsOf(cem) != "ws/2 crm/3" || !slices.Equal(d.FormerIDs(cem), []string{before["crm/3"]}) {
		t.Errorf("the old ID of Cem finds %v, former IDs %v", cem, d.FormerIDs(cem))
	}
	again, err := r.LinkAccounts(t.Context(), because("again"), r.ids("ws/2", "crm/3"))
	if err != nil || again.Outcome != writes.AlreadyDone || again.Edit != edit || !again.Shown {
		t.Errorf("the same link again: %+v, %v", again, err)
	}
	res, err = r.Undo(t.Context(), because("a mistake"), edit.ID)
	undone := do(t, res, err)
	if undone.Undone == nil || undone.Undone.Reason != "a mistake" || undone.Undone.By != "ann" || undone.Made.Reason != "Cem is Ben" {
		t.Errorf("undone: %+v", undone)
	}
	if diff := cmp.Diff(before, userIDs(r.Directory())); diff != "" {
		t.Errorf("the IDs of people are others (-before +after):\n%s", diff)
	}
	again, err = r.Undo(t.Context(), because("again"), edit.ID)
	if err != nil || again.Outcome != writes.AlreadyDone || again.Edit.Undone.Reason != "a mistake" {
		t.Errorf("undone again: %+v, %v", again, err)
	}
}

// A split takes one account out of its person. The others stay one person, although the address that they share joins nobody any more.
func TestSplitLeavesTheRestTogether(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		account string
		from    []string
		want    []string
	}{
		"the first account":                 {"ws/1", nil, []string{"ws/1", "crm/1 chat/1"}},
		"the last account":                  {"chat/1", nil, []string{"ws/1 crm/1", "chat/1"}},
		"only one of the others":            {"ws/1", []string{"crm/1"}, []string{"ws/1 chat/1", "crm/1"}},
		"all others by name":                {"crm/1", []string{"ws/1", "chat/1"}, []string{"ws/1 chat/1", "crm/1"}},
		"one that is another person anyway": {"ws/1", []string{"chat/4"}, []string{"ws/1 crm/1 chat/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReplica(&memory{}, directory.Rules{}, company())
			before := userIDs(r.Directory())
			res, err := r.SplitAccount(t.Context(), because("two people"), r.ids(tc.account)[0], r.ids(tc.from...))
			edit := do(t, res, err)
			wantPeople(t, r, append(tc.want, "ws/2", "crm/3", "chat/4")...)
			res, err = r.Undo(t.Context(), because("one after all"), edit.ID)
			do(t, res, err)
			if diff := cmp.Diff(before, userIDs(r.Directory())); diff != "" {
				t.Errorf("the IDs of people are others (-before +after):\n%s", diff)
			}
		})
	}
}

// Three accounts that share an address can be three people. Undoing one split joins only its account again.
func TestSplitTwice(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	first := userIDs(r.Directory())
	var made []string
	for _, account := range []string{"crm/1", "ws/1"} {
		res, err := r.SplitAccount(t.Context(), because("two people"), r.ids(account)[0], nil)
		made = append(made, do(t, res, err).ID)
	}
	wantPeople(t, r, "ws/1", "crm/1", "chat/1", "ws/2", "crm/3", "chat/4")
	res, err := r.Undo(t.Context(), because("x"), made[0])
	do(t, res, err)
	wantPeople(t, r, "ws/1", "crm/1", "chat/1", "ws/2", "crm/3", "chat/4") // the address is ambiguous for all of them
	res, err = r.Undo(t.Context(), because("x"), made[1])
	do(t, res, err)
	if diff := cmp.Diff(first, userIDs(r.Directory())); diff != "" {
		t.Errorf("IDs (-before +after):\n%s", diff)
	}
}

// A link can be undone after a split of one of its accounts.
func TestUndoLinkAfterSplit(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, append(company(), source("mail", account("9"))))
	first := userIDs(r.Directory())
	res, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "mail/9"))
	link := do(t, res, err)
	res, err = r.SplitAccount(t.Context(), because("x"), r.ids("crm/1")[0], nil)
	do(t, res, err)
	wantPeople(t, r, "ws/1 chat/1 mail/9", "crm/1", "ws/2", "crm/3", "chat/4")
	res, err = r.Undo(t.Context(), because("x"), link.ID)
	do(t, res, err)
	wantPeople(t, r, "ws/1 chat/1", "crm/1", "mail/9", "chat/4", "ws/2", "crm/3")
	if got := userIDs(r.Directory()); got["mail/9"] != first["mail/9"] {
		t.Errorf("mail/9 has the ID %s, and had %s", got["mail/9"], first["mail/9"])
	}
}

// An edit is made by the directory that has all edits. While that is being built, an edit is refused.
func TestDirectoryIsBehind(t *testing.T) {
	t.Parallel()
	store := &memory{}
	a, b := newReplica(store, directory.Rules{}, company()), newReplica(store, directory.Rules{}, company())
	res, err := a.LinkAccounts(t.Context(), because("x"), a.ids("ws/1", "chat/4"))
	do(t, res, err)
	b.behind = true
	if _, err := b.SplitAccount(t.Context(), because("x"), a.ids("crm/1")[0], nil); err == nil || !strings.Contains(err.Error(), "still being built") {
		t.Errorf("%v", err)
	}
	b.behind = false
	res, err = b.SplitAccount(t.Context(), because("x"), a.ids("ws/1")[0], nil)
	if err != nil || codes(res) != "CONTRADICTION input" { // chat/4 is an account of the person, by the other replica's link
		t.Errorf("%+v, %v", res, err)
	}
}

// While an account was split off, the rest had an ID of its own. That ID still finds the person when the split is undone.
func TestFormerIDOfTheRest(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	res, err := r.SplitAccount(t.Context(), because("two people"), r.ids("ws/1")[0], nil)
	edit := do(t, res, err)
	d := r.Directory()
	rest := userIDs(d)["crm/1 chat/1"]
	if u, _ := d.User(rest); len(d.FormerIDs(u)) != 0 {
		t.Errorf("former IDs %v: the ID that the rest had before finds another person now", d.FormerIDs(u))
	}
	res, err = r.Undo(t.Context(), because("one after all"), edit.ID)
	do(t, res, err)
	d = r.Directory()
	if u, _ := d.User(rest); !slices.Equal(d.FormerIDs(u), []string{rest}) {
		t.Errorf("former IDs %v, want %s", d.FormerIDs(u), rest)
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	t.Parallel()
	configured := directory.Rules{Links: [][]connectors.Ref{refs("ws/2", "crm/3")}, Splits: [][]connectors.Ref{refs("ws/1", "chat/4")}}
	r := newReplica(&memory{}, configured, company())
	refused := func(what, want string, res edits.Result, err error) {
		t.Helper()
		if err != nil || res.Outcome != writes.Rejected || len(res.Errors) != 1 || res.Errors[0].Code != writes.Contradiction || !strings.Contains(res.Errors[0].Message, want) {
			t.Errorf("%s: %+v, %v, want %q", what, res, err, want)
		}
	}
	res, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "chat/4"))
	refused("a link of what the configuration splits", "identity.split of the configuration splits ws/1 and chat/4, and this edit links them", res, err)
	res, err = r.SplitAccount(t.Context(), because("x"), r.ids("crm/3")[0], r.ids("ws/2"))
	refused("a split of what the configuration links", "this edit splits crm/3 and ws/2, and identity.link of the configuration links them", res, err)
	res, err = r.LinkAccounts(t.Context(), because("x"), r.ids("chat/4", "crm/3"))
	link := do(t, res, err)
	res, err = r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "ws/2"))
	refused("a link through others", "identity.split of the configuration splits ws/1 and chat/4, and this edit with identity.link of the configuration with the edit "+link.ID+" links", res, err)
	res, err = r.SplitAccount(t.Context(), because("x"), r.ids("chat/4")[0], r.ids("ws/2"))
	refused("a split of what an edit links through others", "the edit "+link.ID, res, err)
	res, err = r.Undo(t.Context(), because("x"), link.ID)
	do(t, res, err)
	res, err = r.SplitAccount(t.Context(), because("x"), r.ids("chat/4")[0], r.ids("ws/2"))
	split := do(t, res, err)
	res, err = r.LinkAccounts(t.Context(), because("x"), r.ids("chat/4", "crm/3"))
	refused("a link of what an edit splits", "the edit "+split.ID+" splits chat/4 and ws/2", res, err)
	if n := len(r.Edits().All()); n != 2 {
		t.Errorf("there are %d edits", n)
	}
	// A configuration that contradicts an edit does not hinder other edits.
	other := edits.NewEditor(edits.EditorOptions{Edits: r.edits, Publisher: r.publisher, Configured: directory.Rules{Links: [][]connectors.Ref{refs("chat/4", "ws/2")}}})
	res, err = other.LinkAccounts(t.Context(), because("x"), r.ids("crm/1", "crm/3"))
	do(t, res, err)
}

func TestInputFaults(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	user := r.Directory().Everything().Users[0].ID
	link := func(reason string, ids ...string) func() (edits.Result, error) {
		return func() (edits.Result, error) { return r.LinkAccounts(t.Context(), because(reason), ids) }
	}
	split := func(id string, from ...string) func() (edits.Result, error) {
		return func() (edits.Result, error) { return r.SplitAccount(t.Context(), because("x"), id, from) }
	}
	for name, tc := range map[string]struct {
		do   func() (edits.Result, error)
		want string
	}{
		"one account":       {link("x", r.ids("ws/1")...), "INVALID input.accounts"},
		"no reason":         {link("  \u200b", r.ids("ws/1", "ws/2")...), "INVALID input.reason"},
		"a long reason":     {link(strings.Repeat("x", 1001), r.ids("ws/1", "ws/2")...), "INVALID input.reason"},
		"an account twice":  {link("x", r.ids("ws/1", "ws/1")...), "INVALID input.accounts.1"},
		"a user's ID":       {link("x", user, r.ids("ws/1")[0]), "INVALID input.accounts.0"},
		"no ID":             {link("x", "?", r.ids("ws/1")[0]), "INVALID input.accounts.0"},
		"no such account":   {link("x", r.ids("ws/1", "ws/9")...), "NOT_FOUND input.accounts.1"},
		"all at once":       {link("", "?"), "INVALID input.reason, INVALID input.accounts, INVALID input.accounts.0"},
		"split one alone":   {split(r.ids("ws/2")[0]), "INVALID input.account"},
		"split from itself": {split(r.ids("ws/1")[0], r.ids("ws/1")...), "INVALID input.from"},
		"split no account":  {split("?", r.ids("ws/1")...), "INVALID input.account"},
		"split from none": {func() (edits.Result, error) {
			return r.SplitAccount(t.Context(), because("x"), r.ids("ws/1")[0], []string{})
		}, "INVALID input.from"},
		"split from a user":    {split(r.ids("ws/1")[0], user), "INVALID input.from.0"},
		"undo what is not":     {func() (edits.Result, error) { return r.Undo(t.Context(), because("x"), "none") }, "NOT_FOUND input.id"},
		"undo without reasons": {func() (edits.Result, error) { return r.Undo(t.Context(), because(""), "none") }, "INVALID input.reason, NOT_FOUND input.id"},
	} {
		res, err := tc.do()
		if err != nil || res.Outcome != writes.Rejected || codes(res) != tc.want {
			t.Errorf("%s: %+v, %v, want %s", name, res, err, tc.want)
		}
	}
	if n := len(r.Edits().All()); n != 0 {
		t.Errorf("%d edits were made", n)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	dry := withKey("k")
	dry.DryRun = true
	res, err := r.LinkAccounts(t.Context(), dry, r.ids("ws/1", "ws/2"))
	if err != nil || res.Outcome != writes.Checked || res.Edit != nil || len(r.Edits().All()) != 0 {
		t.Errorf("%+v, %v, %d edits", res, err, len(r.Edits().All()))
	}
	res, err = r.LinkAccounts(t.Context(), withKey("k"), r.ids("ws/1", "ws/2")) // the key is unused
	do(t, res, err)
}

// With a key, the same input gives the answer of the first call, on each replica and also after the edit was undone. Another input is refused.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	store := &memory{}
	a, b := newReplica(store, directory.Rules{}, company()), newReplica(store, directory.Rules{}, company())
	res, err := a.LinkAccounts(t.Context(), withKey("k"), a.ids("ws/1", "ws/2"))
	edit := do(t, res, err)
	res, err = b.LinkAccounts(t.Context(), withKey("k"), a.ids("ws/1", "ws/2"))
	if again := do(t, res, err); again.ID != edit.ID {
		t.Errorf("the same key made %s, and then %s", edit.ID, again.ID)
	}
	for name, do := range map[string]func() (edits.Result, error){
		"other accounts": func() (edits.Result, error) {
			return b.LinkAccounts(t.Context(), withKey("k"), a.ids("ws/1", "chat/4"))
		},
		"another mutation": func() (edits.Result, error) { return b.Undo(t.Context(), withKey("k"), edit.ID) },
	} {
		if res, err = do(); err != nil || codes(res) != "IDEMPOTENCY_MISMATCH input.idempotencyKey" {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	other := withKey("k")
	other.Caller = "ben"
	if res, err = b.LinkAccounts(t.Context(), other, a.ids("ws/1", "ws/2")); err != nil || res.Outcome != writes.AlreadyDone {
		t.Errorf("another caller's key: %+v, %v", res, err)
	}
	for range 2 {
		res, err = a.Undo(t.Context(), withKey("u"), edit.ID)
		do(t, res, err)
	}
	res, err = b.LinkAccounts(t.Context(), withKey("k"), a.ids("ws/1", "ws/2"))
	if again := do(t, res, err); again.Undone == nil {
		t.Error("the first key has made the edit again")
	}
	line := b.records[0]
	if !line.Replayed || line.ID != edit.ID || line.Field != "linkAccounts" || line.Caller != "ann" || line.Outcome != writes.Done {
		t.Errorf("the audit line is %+v", line)
	}
}

func TestWithoutStore(t *testing.T) {
	t.Parallel()
	r := newReplica(nil, directory.Rules{}, company())
	res, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "ws/2"))
	if err != nil || codes(res) != "NOT_SUPPORTED input" || !strings.Contains(res.Errors[0].Message, "identity.dir") || !strings.Contains(res.Errors[0].Message, "redis") {
		t.Errorf("%+v, %v", res, err)
	}
	if len(r.records) != 1 || r.records[0].Outcome != writes.Rejected {
		t.Errorf("audit lines %+v", r.records)
	}
}

// While the store is away, the known edits stay in force, and an edit is refused with the reason.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	store := &memory{}
	r := newReplica(store, directory.Rules{}, company())
	res, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "ws/2"))
	edit := do(t, res, err)
	store.err = errors.New("redis: timeout")
	for name, do := range map[string]func() (edits.Result, error){
		"link": func() (edits.Result, error) {
			return r.LinkAccounts(t.Context(), because("x"), r.ids("crm/3", "chat/4"))
		},
		"split": func() (edits.Result, error) { return r.SplitAccount(t.Context(), because("x"), r.ids("ws/1")[0], nil) },
		"undo":  func() (edits.Result, error) { return r.Undo(t.Context(), because("x"), edit.ID) },
	} {
		_, err := do()
		if e := new(edits.UnavailableError); !errors.As(err, &e) || !strings.Contains(e.Error(), "nothing was changed: redis: timeout") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.edits.Read(t.Context()); err == nil {
		t.Error("it could be read")
	}
	wantPeople(t, r, "ws/1 ws/2 crm/1 chat/1", "crm/3", "chat/4")
}

// If the answer of the store is lost, the edit is looked for.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	store := &memory{unsure: errors.New("the connection was cut")}
	r := newReplica(store, directory.Rules{}, company())
	res, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "ws/2"))
	edit := do(t, res, err)
	res, err = r.Undo(t.Context(), because("x"), edit.ID)
	do(t, res, err)
	store.before = func() { store.err = errors.New("the connection was cut") }
	res, err = r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "ws/2"))
	if err != nil || res.Outcome != writes.Unknown || res.Edit != nil {
		t.Errorf("%+v, %v, want that nobody knows", res, err)
	}
}

// Two replicas edit at the same time. Neither edit is lost, and the second one is checked against the first.
func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	store := &memory{}
	a, b := newReplica(store, directory.Rules{}, company()), newReplica(store, directory.Rules{}, company())
	store.before = func() {
		res, err := b.LinkAccounts(t.Context(), because("b"), a.ids("crm/3", "chat/4"))
		do(t, res, err)
	}
	res, err := a.LinkAccounts(t.Context(), because("a"), a.ids("ws/1", "ws/2"))
	do(t, res, err)
	wantPeople(t, a, "ws/1 ws/2 crm/1 chat/1", "crm/3 chat/4")
	store.before = func() {
		res, err := b.LinkAccounts(t.Context(), because("b"), a.ids("ws/2", "crm/3"))
		do(t, res, err)
	}
	res, err = a.SplitAccount(t.Context(), because("a"), a.ids("crm/3")[0], a.ids("ws/2"))
	if err != nil || codes(res) != "CONTRADICTION input" {
		t.Errorf("%+v, %v", res, err)
	}
}

// A caller who disconnects does not leave half an edit.
func TestCallerGone(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if res, err := r.LinkAccounts(ctx, because("x"), r.ids("ws/1", "ws/2")); err != nil || res.Outcome != writes.Done {
		t.Errorf("%+v, %v", res, err)
	}
}

// Edits of accounts that are gone stay, and have an effect again when the accounts are back.
func TestAccountsThatAreGone(t *testing.T) {
	t.Parallel()
	r := newReplica(&memory{}, directory.Rules{}, company())
	res, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/2", "crm/3"))
	edit := do(t, res, err)
	all := r.data
	r.data = all[:1]
	wantPeople(t, r, "ws/1", "ws/2")
	if kept := r.Edits().ByID(edit.ID); kept == nil || kept.Undone != nil {
		t.Errorf("the edit is %+v", kept)
	}
	r.data = all
	wantPeople(t, r, "ws/1 crm/1 chat/1", "ws/2 crm/3", "chat/4")
	r.data = all[:1]
	res, err = r.Undo(t.Context(), because("x"), edit.ID)
	do(t, res, err)
}
