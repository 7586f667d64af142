package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/rocketchat/fake"
)

// realtime is a server, and a source that watches it. What the source tells goes into updates, and how it ends into ended.
type realtime struct {
	chat    *fake.Server
	updates chan connectors.PresenceUpdate
	ended   chan error
	stop    context.CancelFunc
}

// watch starts to watch the presence of a server. Modify may be nil.
func watch(t *testing.T, who fake.Credential, options fake.Options, modify func(*watcher)) *realtime {
	t.Helper()
	r := &realtime{chat: fake.New(fake.Data{Users: people(3), Credentials: []fake.Credential{who}}, options),
		updates: make(chan connectors.PresenceUpdate, 1000), ended: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.Handle(base+"/", http.StripPrefix(base, r.chat))
	server := httptest.NewServer(mux)
	cfg := config(server.URL + base)
	cfg.Settings = &Settings{UserID: reader, AuthToken: token, Realtime: true}
	source, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if modify != nil {
		modify(source.PresenceWatcher.(*watcher))
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() {
		r.ended <- source.PresenceWatcher.WatchPresence(ctx, func(u connectors.PresenceUpdate) {
			select {
			case r.updates <- u:
			default:
				if u.ID != "" { // signs of life are many, and a test needs only some of them
					r.updates <- u
				}
			}
		})
	}()
	t.Cleanup(func() {
		stop()
		r.chat.CloseSockets()
		server.Close()
	})
	return r
}

// next returns the next update with an ID.
func (r *realtime) next(t *testing.T) connectors.PresenceUpdate {
	t.Helper()
	for {
		select {
		case u := <-r.updates:
			if u.ID != "" {
				return u
			}
		case err := <-r.ended:
			t.Fatal("ended: ", err)
		case <-t.Context().Done():
			t.Fatal("no update")
		}
	}
}

// begins waits for the first update, which has no ID.
func (r *realtime) begins(t *testing.T) {
	t.Helper()
	select {
	case u := <-r.updates:
		if u != (connectors.PresenceUpdate{}) {
			t.Errorf("the first update is %+v", u)
		}
	case err := <-r.ended:
		t.Fatal("ended: ", err)
	}
}

func toldOf(id string, state connectors.PresenceState, text string) connectors.PresenceUpdate {
	return connectors.PresenceUpdate{ID: id, Presence: connectors.Presence{State: state, Text: text}}
}

func TestWatchPresence(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"6.0.0", "8.4.0"} { // whose tuples have four items, and more
		r := watch(t, everything(), fake.Options{Version: version}, nil)
		r.begins(t)
		var got []connectors.PresenceUpdate
		for i, status := range []string{"online", "away", "busy", "offline"} {
			r.chat.SetPresence(id(i%3), status, "at lunch")
			got = append(got, r.next(t))
		}
		want := []connectors.PresenceUpdate{
			toldOf(id(0), connectors.PresenceOnline, "at lunch"), toldOf(id(1), connectors.PresenceAway, "at lunch"),
			toldOf(id(2), connectors.PresenceBusy, "at lunch"), toldOf(id(0), connectors.PresenceOffline, "at lunch"),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %s (-want +got):\n%s", version, diff)
		}
		r.stop()
		wantKind(t, <-r.ended, connectors.KindTimeout)
	}
}

// What a message says is not trusted beyond an ID, a known number and a bounded text.
func TestWatchedMessages(t *testing.T) {
	t.Parallel()
	event := func(name string, args ...any) map[string]any {
		return map[string]any{"msg": "changed", "collection": "stream-notify-logged", "id": "id", "fields": map[string]any{"eventName": name, "args": args}}
	}
	status := func(tuples ...any) map[string]any { return event("user-status", tuples...) }
	r := watch(t, everything(), fake.Options{}, nil)
	r.begins(t)
	for _, m := range []any{
		map[string]any{"no": "msg"}, map[string]any{"msg": 5}, map[string]any{"msg": "changed"}, map[string]any{"msg": "changed", "collection": "stream-notify-logged", "fields": []int{1}},
		event("Users:NameChanged", map[string]any{"_id": "u1"}), event("updateAvatar", []any{"u1", "ann", 1}),
		map[string]any{"msg": "changed", "collection": "another", "fields": map[string]any{"eventName": "user-status", "args": []any{[]any{"u1", "ann", 1}}}},
		status(), status("u1"), status([]any{}), status([]any{"u1", "ann"}), status([]any{nil, "ann", 1}), status([]any{7, "ann", 1}), status([]any{"", "ann", 1}),
		map[string]any{"msg": "nosub", "id": "of another"}, `[]`, `"text"`, `null`,
		status([]any{"short", "ann", 1}), status([]any{"eight", "ann", 1, "x", 5, nil, []any{}, map[string]any{}}),
		status([]any{"unknown number", "ann", 4, "x"}), status([]any{"negative", "ann", -1}), status([]any{"text", "ann", "1"}), status([]any{"fraction", "ann", 1.5}),
		status([]any{"no text", nil, 2, nil}), status([]any{"number for a text", "ann", 2, 5}),
		status([]any{"two", "ann", 1}, []any{"at once", "bob", 3}),
		status([]any{"long", "ann", 1, strings.Repeat("x", 60_000)}),
	} {
		r.chat.Tell(m)
	}
	got := map[string]connectors.PresenceUpdate{}
	for range 11 {
		u := r.next(t)
		if len(u.Text) > 100 {
			if len(u.Text) >= 60_000 {
				t.Errorf("a text of %d bytes", len(u.Text))
			}
			u.Text = "cut"
		}
		got[u.ID] = u
	}
	want := map[string]connectors.PresenceUpdate{}
	for _, u := range []connectors.PresenceUpdate{
		toldOf("short", connectors.PresenceOnline, ""), toldOf("eight", connectors.PresenceOnline, "x"), toldOf("unknown number", connectors.PresenceUnknown, "x"), toldOf("negative", connectors.PresenceUnknown, ""),
		toldOf("text", connectors.PresenceUnknown, ""), toldOf("fraction", connectors.PresenceUnknown, ""), toldOf("no text", connectors.PresenceAway, ""),
		toldOf("number for a text", connectors.PresenceAway, ""), toldOf("two", connectors.PresenceOnline, ""), toldOf("at once", connectors.PresenceBusy, ""),
		toldOf("long", connectors.PresenceOnline, "cut"),
	} {
		want[u.ID] = u
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The connection ends with an error that says why, and no word of the server.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		who     fake.Credential
		options fake.Options
		modify  func(*watcher)
		act     func(*fake.Server) // after the begin; nil if there is none
		kind    connectors.ErrorKind
		says    string
	}{
		"another token": {fake.Credential{UserID: reader, Token: "another"}, fake.Options{}, nil, nil, connectors.KindUnauthorized, "does not accept auth_token"},
		"too many logins": {fake.Credential{UserID: reader, Token: "another"}, fake.Options{LoginError: "too-many-requests"}, nil, nil,
			connectors.KindUnavailable, "does not say that auth_token is the cause"},
		"a fault at the login": {fake.Credential{UserID: reader, Token: "another"}, fake.Options{LoginError: 500}, nil, nil,
			connectors.KindUnavailable, "does not say that auth_token is the cause"},
		"another code for the token": {fake.Credential{UserID: reader, Token: "another"}, fake.Options{LoginError: "Unauthorized"}, nil, nil,
			connectors.KindUnauthorized, "does not accept auth_token"},
		"no such path": {everything(), fake.Options{Missing: []string{"websocket"}}, nil, nil, connectors.KindNotFound, "websocket"},
		"cut":          {everything(), fake.Options{}, nil, (*fake.Server).CloseSockets, connectors.KindUnavailable, "the connection was cut"},
		"no JSON":      {everything(), fake.Options{}, nil, func(s *fake.Server) { s.Tell("canary{") }, connectors.KindBadResponse, "not JSON"},
		"too long": {everything(), fake.Options{}, nil, func(s *fake.Server) { s.Tell(`{"msg":"` + strings.Repeat("canary", 11_000) + `"}`) },
			connectors.KindBadResponse, "longer than 64 KiB"},
		"the subscription ends": {everything(), fake.Options{}, nil,
			func(s *fake.Server) {
				s.Tell(map[string]any{"msg": "nosub", "id": streamID, "error": map[string]any{"reason": "canary"}})
			},
			connectors.KindForbidden, "has ended the subscription"},
		"silence": {everything(), fake.Options{}, func(w *watcher) { w.pingEvery, w.silentFor = time.Millisecond, -1 }, func(*fake.Server) {}, connectors.KindTimeout, "silent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := watch(t, tc.who, tc.options, tc.modify)
			if tc.act != nil {
				r.begins(t)
				tc.act(r.chat)
			}
			err := <-r.ended
			wantKind(t, err, tc.kind)
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), token) {
				t.Errorf("the error is %v, want it to say %q", err, tc.says)
			}
		})
	}
}

// A ping of the server is answered, with its ID; and the answers to our own are signs that the connection works.
func TestPings(t *testing.T) {
	t.Parallel()
	ponged := make(chan struct{}, 2)
	r := watch(t, everything(), fake.Options{OnRequest: func(op string, _ int) {
		if op == "pong" {
			ponged <- struct{}{}
		}
	}}, func(w *watcher) { w.pingEvery = time.Millisecond })
	r.begins(t)
	for range 3 {
		if u := <-r.updates; u.ID != "" {
			t.Errorf("%+v after a ping", u)
		}
	}
	r.chat.Tell(map[string]any{"msg": "ping"})
	<-ponged
	r.chat.Tell(map[string]any{"msg": "ping", "id": "7"})
	<-ponged
}

// Whatever a server sends, an update has an ID and a known state.
func FuzzWatchedEvent(f *testing.F) {
	f.Add(`{"eventName":"user-status","args":[["u1","ann",1,"text"]]}`)
	f.Add(`{"eventName":"user-status","args":[[{},[],1e9,{}],null,"x"]}`)
	f.Fuzz(func(t *testing.T, fields string) {
		for _, u := range updatesOf(json.RawMessage(fields)) {
			if u.ID == "" || u.State > connectors.PresenceOffline || len(u.Text) > maxMessageForTest {
				t.Errorf("%q: %+v", fields, u)
			}
		}
	})
}

const maxMessageForTest = 64 << 10
