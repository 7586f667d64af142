package writes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/writes"
)

// line is a write's log line.
type line struct {
	Msg   string
	Write struct {
		Field, Source, Caller, Method, Outcome, ID, Key string

		DryRun   bool `json:"dry_run"`
		Replayed bool
		Errors   []string
		Values   json.RawMessage
		Bytes    int `json:"values_bytes"`
	}
}

// gist is a line in short: mutation, source, outcome, and the other attributes.
func (l line) gist() string {
	w := l.Write
	s := []string{w.Field, w.Source, w.Outcome}
	for word, is := range map[string]bool{"dry": w.DryRun, "replayed": w.Replayed, "id": w.ID != "", "key": w.Key != ""} {
		if is {
			s = append(s, word)
		}
	}
	slices.Sort(s[3:])
	return strings.TrimSpace(strings.Join(append(s, w.Errors...), " "))
}

// counted is an observer that records its calls.
type counted struct {
	mu  sync.Mutex
	all []writes.Written
}

func (c *counted) Written(w writes.Written) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, w)
}

const canaryKey = "person@canary.example"

// Each write has one line, whatever its outcome and its caller, and one call of the observer.
func TestOneLineForEachWrite(t *testing.T) {
	t.Parallel()
	req := func(key string) writes.Request {
		r := writes.Request{Source: "ws", Caller: "frontend", Method: "key"}
		if key != "" {
			r.Key = new(canaryKey + key)
		}
		return r
	}
	dry := req("")
	dry.DryRun = true
	create := func(ctx context.Context, w *world, r writes.Request, name string) writes.Result {
		res, _ := w.writer.CreateTeam(ctx, r, writes.CreateTeam{Name: name})
		return res
	}
	together := func(n int, do func()) {
		var all sync.WaitGroup
		for range n {
			all.Go(do)
		}
		all.Wait()
	}
	for name, tt := range map[string]struct {
		do   func(context.Context, *world)
		want []string // in any order
	}{
		"done":                {func(ctx context.Context, w *world) { create(ctx, w, req(""), "New") }, []string{"createTeam ws DONE id"}},
		"done with a key":     {func(ctx context.Context, w *world) { create(ctx, w, req("k"), "New") }, []string{"createTeam ws DONE id key"}},
		"there already":       {func(ctx context.Context, w *world) { create(ctx, w, req(""), "Sales") }, []string{"createTeam ws ALREADY_DONE id"}},
		"refused by us":       {func(ctx context.Context, w *world) { create(ctx, w, req("k"), "") }, []string{"createTeam ws REJECTED key INVALID"}},
		"no such source":      {func(ctx context.Context, w *world) { create(ctx, w, writes.Request{Source: "canary"}, "New") }, []string{"createTeam  REJECTED NOT_FOUND"}},
		"cannot":              {func(ctx context.Context, w *world) { create(ctx, w, writes.Request{Source: "crm"}, "New") }, []string{"createTeam crm REJECTED NOT_SUPPORTED"}},
		"rehearsed":           {func(ctx context.Context, w *world) { create(ctx, w, dry, "New") }, []string{"createTeam ws CHECKED dry"}},
		"rehearsed, is there": {func(ctx context.Context, w *world) { create(ctx, w, dry, "Sales") }, []string{"createTeam ws ALREADY_DONE dry id"}},
		"rehearsed, refused":  {func(ctx context.Context, w *world) { create(ctx, w, dry, "") }, []string{"createTeam ws REJECTED dry INVALID"}},
		"refused by the source": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates, v.err = []fate{refused}, &connectors.Error{Kind: connectors.KindForbidden} })
			create(ctx, w, req(""), "New")
		}, []string{"createTeam ws REJECTED REFUSED_BY_SOURCE"}},
		"the key again": {func(ctx context.Context, w *world) {
			create(ctx, w, req("k"), "New")
			create(ctx, w, req("k"), "New")
		}, []string{"createTeam ws DONE id key", "createTeam ws DONE id key replayed"}},
		"the key again, with what is gone": {func(ctx context.Context, w *world) {
			in := writes.Invite{Email: "new@example.com", TeamID: w.teamID("ws", "Sales")}
			_, _ = w.writer.InviteUser(ctx, req("k"), in)
			w.vendor.tune(func(v *vendor) { v.rows[connectors.Teams] = nil })
			w.awaitReading(connectors.Teams)
			_, _ = w.writer.InviteUser(ctx, req("k"), in)
		}, []string{"inviteUser ws DONE id key", "inviteUser ws DONE id key replayed"}},
		"the key with another input": {func(ctx context.Context, w *world) {
			create(ctx, w, req("k"), "New")
			create(ctx, w, req("k"), "Newer")
		}, []string{"createTeam ws DONE id key", "createTeam ws REJECTED key IDEMPOTENCY_MISMATCH"}},
		"three wait for one key": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates = []fate{tooMany} })
			together(3, func() { create(ctx, w, req("k"), "New") })
		}, []string{"createTeam ws DONE id key", "createTeam ws DONE id key replayed", "createTeam ws DONE id key replayed"}},
		"three wait for one thing": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates = []fate{tooMany} })
			together(3, func() { create(ctx, w, req(""), "New") })
		}, []string{"createTeam ws ALREADY_DONE id", "createTeam ws ALREADY_DONE id", "createTeam ws DONE id"}},
		"the caller goes": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates = []fate{tooMany} })
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Millisecond, cancel)
			if res := create(ctx, w, req(""), "New"); res.Outcome != writes.Unknown {
				w.t.Errorf("the caller who goes is told %s", res.Outcome)
			}
			time.Sleep(time.Minute)
		}, []string{"createTeam ws DONE id"}},
		"nobody knows, and another settles it": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates, v.failing = []fate{cutAfter}, true })
			create(ctx, w, req("k"), "New")
			w.vendor.tune(func(v *vendor) { v.failing = false })
			time.Sleep(10 * time.Minute)
			create(ctx, w, req(""), "New")
		}, []string{"createTeam ws ALREADY_DONE id", "createTeam ws UNKNOWN key REFUSED_BY_SOURCE"}},
		"another is under way for too long": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates, v.failing = []fate{cutAfter}, true })
			together(2, func() { create(ctx, w, req(""), "New") })
		}, []string{"createTeam ws UNKNOWN REFUSED_BY_SOURCE", "createTeam ws UNKNOWN REFUSED_BY_SOURCE"}},
		"the program ends": {func(ctx context.Context, w *world) {
			w.vendor.tune(func(v *vendor) { v.fates, v.failing = []fate{cutAfter}, true })
			var under sync.WaitGroup
			under.Go(func() { create(ctx, w, req(""), "New") })
			time.Sleep(time.Second)
			synctest.Wait() // no write begins while a writer is closed
			w.writer.Close()
			under.Wait()
		}, []string{"createTeam ws UNKNOWN REFUSED_BY_SOURCE"}},
		"subscriptions": {func(ctx context.Context, w *world) {
			for _, r := range []writes.Request{req(""), req(""), dry} {
				_, _, _ = w.writer.SubscribeToTask(ctx, r, writes.Subscribe{TaskID: "7", User: ann})
			}
			_, _, _ = w.writer.SubscribeToTask(ctx, req(""), writes.Subscribe{TaskID: "7", User: ann, Off: true})
			_, _, _ = w.writer.SubscribeToTask(ctx, req(""), writes.Subscribe{TaskID: "404", User: ann})
			_, _, _ = w.writer.SubscribeToTask(ctx, req(""), writes.Subscribe{TaskID: "x", User: ann})
		}, []string{"subscribeToTask ws ALREADY_DONE", "subscribeToTask ws CHECKED dry", "subscribeToTask ws DONE", "subscribeToTask ws REJECTED INVALID",
			"subscribeToTask ws REJECTED NOT_FOUND", "unsubscribeFromTask ws DONE"}},
		"readings": {func(ctx context.Context, w *world) {
			w.writer.RefreshSource(ctx, req(""), writes.Refresh{})
			time.Sleep(time.Minute)
			w.writer.RefreshSource(ctx, req(""), writes.Refresh{Collections: []connectors.Collection{connectors.Teams}})
			w.writer.RefreshSource(ctx, req(""), writes.Refresh{Collections: []connectors.Collection{connectors.Roles}})
			w.writer.RefreshSource(ctx, writes.Request{Source: "canary"}, writes.Refresh{})
		}, []string{"refreshSource  REJECTED NOT_FOUND", "refreshSource ws ALREADY_DONE", "refreshSource ws DONE", "refreshSource ws REJECTED INVALID"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var seen counted
				w, stop := newWorld(t, newVendor(), nil, func(o *writes.Options) {
					o.Audit, o.AuditValues, o.Observer = slog.New(slog.NewJSONHandler(&log, nil)), true, &seen
				})
				tt.do(t.Context(), w)
				stop()
				if diff := cmp.Diff(tt.want, gists(t, log.String())); diff != "" {
					t.Errorf("lines (-want +got):\n%s\n%s", diff, log.String())
				}
				if strings.Contains(log.String(), "canary") {
					t.Errorf("a key, or the name of a source that is none, is in %s", log.String())
				}
				if len(seen.all) != len(tt.want) {
					t.Errorf("the observer is told of %d writes, want %d", len(seen.all), len(tt.want))
				}
			})
		})
	}
}

// gists returns the lines of a log in short, sorted, after it has checked the attributes that every line must have.
func gists(t *testing.T, log string) (all []string) {
	t.Helper()
	for text := range strings.Lines(log) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if l.Msg != "write" || l.Write.Source != "" && l.Write.Source != "crm" && (l.Write.Caller != "frontend" || l.Write.Method != "key") || len(l.Write.Values) == 0 {
			t.Errorf("%s lacks who has done it, or what", text)
		}
		all = append(all, l.gist())
	}
	slices.Sort(all)
	return all
}

// A write that is refused because nothing can be stored has a line too.
func TestUnavailableHasALine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen counted
		store := new(slow)
		w, stop := newWorld(t, newVendor(), store, func(o *writes.Options) { o.Observer = &seen })
		store.is.Store(true)
		_, err := w.writer.CreateTeam(t.Context(), ws, writes.CreateTeam{Name: "New"})
		_, _, subscribing := w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", User: ann})
		stop()
		if !errors.Is(err, writes.ErrUnavailable) || strings.Count(w.log.String(), "write.outcome=UNAVAILABLE") != 1 {
			t.Errorf("%v, %v; lines:\n%s", err, subscribing, w.log)
		}
		if len(seen.all) != 2 || seen.all[0].Outcome != writes.Unavailable || seen.all[0].Source != "ws" || seen.all[0].Field != "createTeam" {
			t.Errorf("the observer is told %+v", seen.all)
		}
	})
}

// The duration of a write is the time from its first check to its end, with all waits.
func TestObserverIsToldHowLongItTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen counted
		v := newVendor()
		w, stop := newWorld(t, v, nil, func(o *writes.Options) { o.Observer = &seen })
		v.tune(func(v *vendor) { v.fates = []fate{tooMany} })
		w.do("createTeam", writes.Request{})
		stop()
		if len(seen.all) != 1 || seen.all[0].Took < time.Second || seen.all[0].Took > 2*time.Second {
			t.Errorf("told %+v, want one second", seen.all)
		}
	})
}

// The log has values as JSON, in both formats, and only if they are not too long.
func TestAuditedValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20_000)
	for format, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				w, stop := newWorld(t, newVendor(), nil, func(o *writes.Options) { o.Audit, o.AuditValues = slog.New(handler(&log)), true })
				defer stop()
				said := func() string {
					defer log.Reset()
					return strings.ReplaceAll(log.String(), `\"`, `"`)
				}
				key := canaryKey
				_, _ = w.writer.InviteUser(t.Context(), writes.Request{Source: "ws", Key: &key}, writes.Invite{Email: "new@example.com", FirstName: new("Ada"), TeamID: w.teamID("ws", "Sales")})
				if got := said(); !strings.Contains(got, `"FirstName":"Ada"`) || !strings.Contains(got, `"LastName":null`) || strings.Contains(got, "0xc0") || strings.Contains(got, "canary") {
					t.Errorf("an invitation: %s", got)
				}
				_, _, _ = w.writer.SubscribeToTask(t.Context(), ws, writes.Subscribe{TaskID: "7", Who: map[string]string{"email": "ann@example.com"},
					User: func(d *directory.Directory) (*directory.User, error) { return ann(d) }})
				if got := said(); !strings.Contains(got, `"Who":{"email":"ann@example.com"}`) || strings.Contains(got, "0x") {
					t.Errorf("a subscription: %s", got)
				}
				w.writer.RefreshSource(t.Context(), ws, writes.Refresh{Collections: []connectors.Collection{connectors.Teams}})
				if got := said(); !strings.Contains(got, `"Collections":["teams"]`) {
					t.Errorf("a reading: %s", got)
				}
				w.writer.RefreshSource(t.Context(), ws, writes.Refresh{AcceptLoss: true})
				if got := said(); !strings.Contains(got, `"AcceptLoss":true`) {
					t.Errorf("a loss that is accepted: %s", got)
				}
				_, _ = w.writer.CreateTeam(t.Context(), ws, writes.CreateTeam{Name: long})
				if got := said(); len(got) > 1000 || !strings.Contains(got, "values_bytes") {
					t.Errorf("a name of 20,000 characters: %d bytes, %.300s", len(got), got)
				}
			})
		})
	}
}

// A write has its line at every level of the log.
func TestAuditWhateverTheLevel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w, stop := newWorld(t, newVendor(), nil, func(o *writes.Options) {
			o.Audit = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
		})
		defer stop()
		w.do("createTeam", writes.Request{})
		if !strings.Contains(log.String(), "write.outcome=DONE") {
			t.Errorf("the log has %q", log.String())
		}
	})
}
