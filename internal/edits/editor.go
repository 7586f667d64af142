package edits

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"roster/internal/directory"
	"roster/internal/names"
	"roster/internal/writes"
)

const (
	// maxAccounts is the number of accounts of one edit, and maxReason the length of a reason in characters.
	maxAccounts = 100
	maxReason   = 1000
	// storeWithin limits the exchange with the store, also after the caller has gone.
	storeWithin = 10 * time.Second
	// showWithin limits the wait for the directory that has an edit.
	showWithin = 5 * time.Second
)

// Publisher publishes directories; see generation.Publisher.
type Publisher interface {
	Directory() *directory.Directory
	AwaitEdits(ctx context.Context, number uint64) bool
}

// EditorOptions configure an Editor.
type EditorOptions struct {
	Edits *Edits
	// Configured are the rules of the configuration.
	Configured directory.Rules
	Publisher  Publisher
	// Record writes the audit line of an edit; nil for none.
	Record func(context.Context, writes.Record)
	// Now returns the time; nil for time.Now.
	Now func() time.Time
}

// Editor makes and undoes edits, with one configuration. Safe for concurrent use.
type Editor struct{ opt EditorOptions }

// NewEditor returns an editor.
func NewEditor(opt EditorOptions) *Editor {
	if opt.Record == nil {
		opt.Record = func(context.Context, writes.Record) {}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Editor{opt}
}

// Edits returns all edits that this process knows.
func (e *Editor) Edits() *Set { return e.opt.Edits.Set() }

// Request is what all edits have in common. Source is not used.
type Request struct {
	writes.Request
	Reason string
}

// Result is the answer to an edit.
type Result struct {
	Outcome writes.Outcome
	// Edit is the edit that was made or undone, or that exists already; nil for none.
	Edit *Edit
	// Shown reports whether the directory of this replica has the edit.
	Shown  bool
	Errors []writes.UserError
}

var errBehind = errors.New("the directory with the latest edits is still being built; try again")

// UnavailableError reports that nothing was changed, because edits cannot be stored now.
type UnavailableError struct{ cause error }

// Error returns a sentence for clients.
func (e *UnavailableError) Error() string {
	return "identity edits are not possible for the moment, and nothing was changed: " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.cause }

// request is an edit on its way.
type request struct {
	Request
	field  string
	values any
	began  time.Time
	key    string // a hash; empty without a key
	input  string // a hash
	faults []writes.UserError
}

func (e *Editor) request(r Request, field string, values any) *request {
	q := &request{Request: r, field: field, values: values, began: time.Now()}
	text, _ := json.Marshal(values) //nolint:errchkjson // texts only
	if q.input = hash(field, string(text)); r.Key != nil {
		q.key = hash(r.Method, r.Caller, *r.Key)
		if n := utf8.RuneCountInString(*r.Key); n == 0 || n > 255 {
			q.fault(writes.Invalid, "must have 1 to 255 characters", "idempotencyKey")
		}
	}
	if e.opt.Edits.store == nil {
		q.fault(writes.NotSupported, "this server has nowhere to keep identity edits: set identity.dir, or redis, in its configuration")
	}
	if q.Reason = strings.TrimSpace(r.Reason); !names.Visible(q.Reason) {
		q.fault(writes.Invalid, "must say why, for those who read it later", "reason")
	} else if utf8.RuneCountInString(q.Reason) > maxReason {
		q.fault(writes.Invalid, "must have at most "+strconv.Itoa(maxReason)+" characters", "reason")
	}
	return q
}

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// fault adds an error of a field of the input; of the whole input if no field is named.
func (q *request) fault(code writes.Code, message string, field ...string) {
	q.faults = append(q.faults, writes.UserError{Field: append([]string{"input"}, field...), Code: code, Message: message})
}

// accounts reads the IDs of accounts, which must exist.
func (q *request) accounts(d *directory.Directory, ids []string, field string) []directory.Account {
	if len(ids) > maxAccounts {
		q.fault(writes.Invalid, "must have at most "+strconv.Itoa(maxAccounts)+" accounts", field)
		return nil
	}
	var out []directory.Account
	for i, id := range ids {
		if a := q.account(d, id, field, strconv.Itoa(i)); a == nil {
			continue
		} else if slices.Contains(out, a) {
			q.fault(writes.Invalid, "is given twice", field, strconv.Itoa(i))
		} else {
			out = append(out, a)
		}
	}
	return out
}

// account reads the ID of an account, which must exist.
func (q *request) account(d *directory.Directory, id string, field ...string) directory.Account {
	a := d.Account(id)
	switch {
	case directory.TypeOf(id) != "Account":
		q.fault(writes.Invalid, "must be the ID of an account, as in accounts { id }", field...)
	case a == nil:
		q.fault(writes.NotFound, "there is no such account, or it has not been fetched", field...)
	default:
		return a
	}
	return nil
}

// LinkAccounts makes accounts one person. The error is an UnavailableError.
func (e *Editor) LinkAccounts(ctx context.Context, r Request, ids []string) (Result, error) {
	q := e.request(r, "linkAccounts", map[string]any{"accounts": ids, "reason": r.Reason})
	if len(ids) < 2 {
		q.fault(writes.Invalid, "must have at least two accounts", "accounts")
	}
	return e.perform(ctx, q, func(s *Set, d *directory.Directory, act Act) (*Edit, Result) {
		accounts := q.accounts(d, ids, "accounts")
		act.Former = primaries(accounts)
		return e.make(q, s, &Edit{Kind: Link, Accounts: refsOf(accounts), Made: act}, isLinked)
	})
}

// SplitAccount keeps an account apart from others; from all others of its person if from is nil. The error is an UnavailableError.
func (e *Editor) SplitAccount(ctx context.Context, r Request, id string, from []string) (Result, error) {
	q := e.request(r, "splitAccount", map[string]any{"account": id, "from": from, "reason": r.Reason})
	if from != nil && len(from) == 0 {
		q.fault(writes.Invalid, "must have at least one account; null means all others of the person", "from")
	}
	return e.perform(ctx, q, func(s *Set, d *directory.Directory, act Act) (*Edit, Result) {
		account := q.account(d, id, "account")
		apart := q.accounts(d, from, "from")
		if account == nil {
			return nil, q.rejected()
		}
		if from == nil {
			apart = slices.DeleteFunc(slices.Clone(account.Core().User.Accounts), func(a directory.Account) bool { return a == account })
		}
		switch {
		case from == nil && len(apart) == 0:
			q.fault(writes.Invalid, "is the only account of its person", "account")
		case slices.Contains(apart, account):
			q.fault(writes.Invalid, "must not have the account itself", "from")
		}
		act.Former = primaries(append([]directory.Account{account}, apart...))
		edit := &Edit{Kind: Split, Accounts: refsOf([]directory.Account{account}), From: refsOf(apart), Together: together(account, apart), Made: act}
		return e.make(q, s, edit, isSplit)
	})
}

// together returns the groups of Edit.Together, if a split divides the account's person.
func together(account directory.Account, apart []directory.Account) []Refs {
	var stay, leave []directory.Account
	for _, a := range account.Core().User.Accounts {
		if slices.Contains(apart, a) {
			leave = append(leave, a)
		} else {
			stay = append(stay, a)
		}
	}
	if len(leave) == 0 {
		return nil
	}
	var out []Refs
	for _, group := range slices.Concat(directory.AddressGroups(stay), directory.AddressGroups(leave)) {
		if len(group) > 1 {
			out = append(out, refsOf(group))
		}
	}
	return out
}

// make returns an edit, unless the input has faults, or the rules in force have its effect already or contradict it.
func (e *Editor) make(q *request, s *Set, edit *Edit, already func(*directory.Rules, *Edit) bool) (*Edit, Result) {
	if len(q.faults) > 0 {
		return nil, q.rejected()
	}
	known := s
	if edit.Kind == Link { // what a split keeps together may end with it
		known = s.links()
	}
	if rules := known.addTo(e.opt.Configured); already(&rules, edit) {
		return nil, Result{Outcome: writes.AlreadyDone, Edit: s.latest(edit)}
	}
	edit.ID = rand.Text()
	if text := contradiction(s.addTo(e.opt.Configured), s.with(edit).addTo(e.opt.Configured), edit.ID); text != "" {
		return nil, rejected(writes.Contradiction, text)
	}
	return edit, Result{Outcome: writes.Done}
}

func (q *request) rejected() Result { return Result{Outcome: writes.Rejected, Errors: q.faults} }

// latest returns the last edit in force of the same accounts, or nil.
func (s *Set) latest(like *Edit) *Edit {
	for _, e := range slices.Backward(s.all) {
		if e.Undone == nil && e.Kind == like.Kind && slices.Equal(e.Accounts.sorted(), like.Accounts.sorted()) && slices.Equal(e.From.sorted(), like.From.sorted()) {
			return e
		}
	}
	return nil
}

// Undo takes the rules of an edit out of force. The error is an UnavailableError.
func (e *Editor) Undo(ctx context.Context, r Request, id string) (Result, error) {
	q := e.request(r, "undoIdentity", map[string]any{"id": id, "reason": r.Reason})
	return e.perform(ctx, q, func(s *Set, d *directory.Directory, act Act) (*Edit, Result) {
		edit := s.ByID(id)
		if edit == nil {
			q.fault(writes.NotFound, "there is no such edit: identityEdits lists them", "id")
		}
		switch {
		case len(q.faults) > 0:
			return nil, q.rejected()
		case edit.Undone != nil:
			return nil, Result{Outcome: writes.AlreadyDone, Edit: edit}
		}
		undone := *edit
		var accounts []directory.Account
		for _, ref := range slices.Concat(edit.Accounts, edit.From) {
			if a := d.AccountOf(ref); a != nil {
				accounts = append(accounts, a)
			}
		}
		act.Former = primaries(accounts)
		undone.Undone = &act
		return &undone, Result{Outcome: writes.Done}
	})
}

func rejected(code writes.Code, message string, field ...string) Result {
	return Result{Outcome: writes.Rejected, Errors: []writes.UserError{{Field: append([]string{"input"}, field...), Code: code, Message: message}}}
}

// change returns the edit to store instead of the one with its ID, or nil, and the answer. It is called again, with newer edits and the directory that has
// them, if another replica has changed the edits meanwhile.
type change func(*Set, *directory.Directory, Act) (*Edit, Result)

// perform carries out an edit that change returns, unless the input has faults or the key has been used, and writes the audit line.
func (e *Editor) perform(ctx context.Context, q *request, change change) (Result, error) {
	result, replayed, err := e.store(context.WithoutCancel(ctx), q, change)
	if result.Outcome == writes.Done || result.Outcome == writes.AlreadyDone {
		result.Shown = e.shown(ctx)
	}
	line := writes.Record{Request: q.Request.Request, Field: q.field, Outcome: result.Outcome, Errors: result.Errors, Replayed: replayed, Values: q.values, Began: q.began, Err: err}
	if result.Edit != nil {
		line.ID = result.Edit.ID
	}
	e.opt.Record(ctx, line)
	return result, err
}

func (e *Editor) store(ctx context.Context, q *request, change change) (result Result, replayed bool, err error) {
	if e.opt.Edits.store == nil {
		return q.rejected(), false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	var edit *Edit
	own := len(q.faults) // those that do not depend on the directory
	err = e.opt.Edits.update(ctx, func(s *Set) (*Set, error) {
		if result, replayed = replay(s, q); replayed {
			return nil, nil //nolint:nilnil // nothing is to be stored
		}
		if !e.shown(ctx) { // what an edit does depends on who is one person by all edits
			return nil, errors.Join(ErrNotSent, errBehind)
		}
		q.faults = q.faults[:own]
		act := Act{At: s.next(e.opt.Now()), By: q.Caller, Method: q.Method, Reason: q.Reason}
		if q.key != "" {
			act.Key, act.Input = q.key, q.input
		}
		if edit, result = change(s, e.opt.Publisher.Directory(), act); edit == nil {
			return nil, nil //nolint:nilnil // as above
		}
		if q.DryRun {
			result = Result{Outcome: writes.Checked}
			return nil, nil //nolint:nilnil // as above
		}
		next := s.with(edit)
		bound := maxBytes
		if edit.Undone != nil {
			bound *= 2 // what was made can be undone
		}
		if value, err := next.encode(); err != nil || len(value) > bound {
			result = rejected(writes.Invalid, fmt.Sprintf("there are too many identity edits (%d): put lasting ones into the configuration", len(s.all)))
			return nil, nil //nolint:nilnil // as above
		}
		if err := e.opt.Edits.store.Check(ctx); err != nil {
			return nil, errors.Join(ErrNotSent, err)
		}
		result.Edit = edit
		return next, nil
	})
	switch {
	case err == nil:
		return result, replayed, nil
	case errors.Is(err, ErrNotSent):
		return Result{}, false, &UnavailableError{e.reason(err)}
	}
	if e.opt.Edits.Read(ctx) == nil && e.Edits().has(edit) {
		return result, false, nil
	}
	return Result{Outcome: writes.Unknown}, false, nil
}

// has reports whether a set has an edit in this state.
func (s *Set) has(e *Edit) bool {
	there := s.byID[e.ID]
	return there != nil && (e.Undone == nil || there.Undone != nil && there.Undone.At.Equal(e.Undone.At) && there.Undone.By == e.Undone.By)
}

// reason returns the cause of a failure without ErrNotSent.
func (*Editor) reason(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, cause := range joined.Unwrap() {
			if !errors.Is(cause, ErrNotSent) {
				return cause
			}
		}
	}
	return err
}

// replay returns the answer of the first call with the key. It returns false if there was none.
func replay(s *Set, q *request) (Result, bool) {
	if q.key == "" || q.DryRun {
		return Result{}, false
	}
	edit, act := s.byKey(q.key)
	switch {
	case edit == nil:
		return Result{}, false
	case act.Input != q.input:
		return rejected(writes.Mismatch, "the key was used with another input", "idempotencyKey"), true
	}
	return Result{Outcome: writes.Done, Edit: edit}, true
}

// shown waits until the directory has all known edits, and reports whether it has.
func (e *Editor) shown(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, showWithin)
	defer cancel()
	return e.opt.Publisher.AwaitEdits(ctx, e.opt.Edits.now.Load().number)
}

func refsOf(accounts []directory.Account) Refs {
	out := make(Refs, len(accounts))
	for i, a := range accounts {
		out[i] = a.Core().Ref()
	}
	return out
}

// primaries returns the accounts that give IDs to the people who have these accounts.
func primaries(accounts []directory.Account) Refs {
	var out Refs
	for _, a := range accounts {
		if ref := a.Core().User.Accounts[0].Core().Ref(); !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}
