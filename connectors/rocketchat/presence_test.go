package rocketchat

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rocketchat/fake"
)

// office has one user for each state.
func office() fake.Data {
	users := people(6)
	for i, status := range []string{"online", "away", "busy", "offline", "on the moon", ""} {
		users[i].Status = status
	}
	users[1].StatusText = "at lunch"
	return fake.Data{Users: users, Credentials: []fake.Credential{everything()}}
}

type states = map[string]connectors.Presence

var there = states{
	id(0): {State: connectors.PresenceOnline}, id(1): {State: connectors.PresenceAway, Text: "at lunch"},
	id(2): {State: connectors.PresenceBusy}, id(4): {State: connectors.PresenceUnknown},
}

func TestPresence(t *testing.T) {
	t.Parallel()
	all := []string{id(0), id(1), id(2), id(3), id(4), id(5)}
	for _, tc := range []struct {
		name    string
		options fake.Options
		ids     []string
		want    states
		calls   int
	}{
		{"of everyone", fake.Options{}, nil, there, 1},
		{"by IDs, with commas", fake.Options{}, all, there, 1},
		{"by IDs, where commas are not understood", fake.Options{CommaIDsBroken: true}, all, there, 2},
		{"of one, where commas are not understood", fake.Options{CommaIDsBroken: true}, []string{id(0)}, states{id(0): there[id(0)]}, 1},
		{"an ID twice, one that is empty, one that nobody has", fake.Options{}, []string{id(0), "", "nobody", id(0)}, states{id(0): there[id(0)]}, 1},
		{"nothing but empty IDs is not everyone", fake.Options{}, []string{""}, states{}, 0},
		{"an ID with a comma", fake.Options{}, []string{id(0), "a,b"}, states{id(0): there[id(0)]}, 1},
		{"all of them offline", fake.Options{}, []string{id(3)}, states{}, 1},
		{"all of them offline, on a server that may not know commas", fake.Options{}, []string{id(3), id(5)}, states{}, 2},
		{"all of them offline, and the empty answer calls itself full", fake.Options{FullByIDs: true}, []string{id(3)}, states{}, 2},
		{"the newest servers", fake.Options{Version: "9.0.0"}, all, there, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.NoLimits = true
			chat := fake.New(office(), tc.options)
			source, _ := serve(t, chat)
			got, err := source.Presence.Presence(t.Context(), tc.ids)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if n := chat.Calls()["users.presence"]; n != tc.calls {
				t.Errorf("it took %d calls, want %d", n, tc.calls)
			}
		})
	}
}

// TestPresenceChanges asks the same server again: what is known of it is not asked twice.
func TestPresenceChanges(t *testing.T) {
	t.Parallel()
	for _, broken := range []bool{false, true} {
		chat := fake.New(office(), fake.Options{NoLimits: true, CommaIDsBroken: broken})
		source, _ := serve(t, chat)
		asked := []string{id(0), id(3)}
		for i, want := range []states{{id(0): there[id(0)]}, {id(3): {State: connectors.PresenceAway, Text: "back soon"}}, {}} {
			switch i {
			case 1:
				chat.SetPresence(id(0), "offline", "")
				chat.SetPresence(id(3), "away", "back soon")
			case 2:
				chat.SetPresence(id(3), "offline", "")
			}
			chat.ResetCalls()
			got, err := source.Presence.Presence(t.Context(), asked)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if n := chat.Calls()["users.presence"]; i > 0 && n != 1 {
				t.Errorf("commas broken %v: question %d took %d calls, want 1", broken, i+1, n)
			}
		}
	}
}

func TestPresenceOfMany(t *testing.T) {
	t.Parallel()
	users := people(250)
	var asked []string
	for i := range users {
		users[i].Status = "online"
		asked = append(asked, users[i].ID)
	}
	chat := fake.New(fake.Data{Users: users, Credentials: []fake.Credential{everything()}}, fake.Options{NoLimits: true})
	source, _ := serve(t, chat)
	for _, n := range []int{source.Presence.MaxIDs(), 250} {
		chat.ResetCalls()
		got, err := source.Presence.Presence(t.Context(), asked[:n])
		if calls := (n + 99) / 100; err != nil || len(got) != n || chat.Calls()["users.presence"] != calls {
			t.Errorf("%d of %d in %d calls, want %d (error: %v)", len(got), n, chat.Calls()["users.presence"], calls, err)
		}
	}
}

// TestPresenceUnreliable has servers whose answer must not be taken for "everyone is offline".
func TestPresenceUnreliable(t *testing.T) {
	t.Parallel()
	for _, asked := range [][]string{nil, {id(0)}, {id(0), id(1)}} {
		source, _ := serve(t, fake.New(office(), fake.Options{NoLimits: true, PresenceDisabled: true}))
		got, err := source.Presence.Presence(t.Context(), asked)
		wantKind(t, err, connectors.KindUnsupported)
		if got != nil {
			t.Errorf("asked for %v, got %v beside the error", asked, got)
		}
	}
}

// TestPresenceForeignAnswer has servers that do not understand the question, in ways of their own.
func TestPresenceForeignAnswer(t *testing.T) {
	t.Parallel()
	asked := []string{id(0), id(3)}
	row := func(i int) string { return fmt.Sprintf(`{"_id":%q,"status":"online"}`, id(i)) }
	online := states{id(0): {State: connectors.PresenceOnline}}
	everyone := faults.Reply(200, faults.JSON(`{"users":[`+row(0)+`,`+row(1)+`,{"status":"online"}],"full":true,"success":true}`))
	refused := faults.Reply(400, faults.JSON(`{"success":false,"errorType":"invalid-params"}`))
	for name, effects := range map[string]map[string]faults.Effect{
		"it tells of everyone in any case": {"": everyone},
		"it tells of everyone for commas":  {"%2C": everyone},
		"it refuses commas":                {"%2C": refused},
		"it refuses repeated keys":         {"ids=" + id(3): refused, "&ids=": refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := office()
			d.Users[3].Status = ""
			source, h := serve(t, fake.New(d, fake.Options{NoLimits: true}))
			var set []faults.Fault
			for path, effect := range effects {
				set = append(set, faults.Fault{On: faults.Path(path), Effect: effect})
			}
			h.Set(set...)
			got, err := source.Presence.Presence(t.Context(), asked)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(online, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
