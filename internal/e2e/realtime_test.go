package e2e_test

import (
	"strings"
	"testing"
	"time"

	"roster/internal/sandbox"
)

// With realtime, presence is what the source has told last, and the source is asked for it only to confirm that, after 40 s or more.
func TestRealtimePresence(t *testing.T) {
	t.Parallel()
	began := time.Now()
	chat := system(t, sandbox.RocketChat, smallCompany)
	source := sourceSettings(chat.Sources()[0])
	source["realtime"] = true
	settings := settingsOf(source)
	admin := adminOf(t)
	settings["admin"] = map[string]any{"listen": admin}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	metric := func(line string) bool {
		_, metrics := fetch(t, "http://"+admin+"/metrics")
		return strings.Contains(metrics, line+"\n")
	}
	eventually(t, "the source tells", func() bool { return metric(`roster_presence_connected{source="rocketchat"} 1`) })

	var first struct {
		Users struct {
			Nodes []struct{ Accounts []struct{ ExternalID string } }
		}
	}
	p.ask(t, `{ users(first: 1, filter: { active: true }) { nodes { accounts { externalId } } } }`, nil).into(t, &first)
	id := first.Users.Nodes[0].Accounts[0].ExternalID
	presence := func() (state, text string) {
		var now struct {
			Users struct {
				Nodes []struct {
					Accounts []struct{ Presence, StatusText string }
				}
			}
		}
		p.ask(t, `{ users(first: 1, filter: { active: true }) { nodes { accounts { ... on RocketChatAccount { presence statusText } } } } }`, nil).into(t, &now)
		a := now.Users.Nodes[0].Accounts[0]
		return a.Presence, a.StatusText
	}
	for status, want := range map[string]string{"busy": "BUSY", "away": "AWAY", "online": "ONLINE", "offline": "OFFLINE"} {
		chat.RocketChat.SetPresence(id, status, "on "+status)
		eventually(t, "the new presence is there: "+want, func() bool { state, _ := presence(); return state == want })
	}
	chat.RocketChat.SetPresence(id, "busy", "in a call")
	eventually(t, "the text is there", func() bool { _, text := presence(); return text == "in a call" })
	if n := chat.Calls()[sandbox.RocketChat]["users.presence"]; n < 1 || n > 1+int(time.Since(began)/(40*time.Second)) {
		t.Errorf("%d calls for presence within %v", n, time.Since(began))
	}

	// Without the connection, presence is asked for; and then told again.
	chat.RocketChat.CloseSockets()
	eventually(t, "the connection is lost", func() bool { return metric(`roster_presence_disconnects_total{source="rocketchat"} 1`) })
	eventually(t, "the source tells again", func() bool { return metric(`roster_presence_connected{source="rocketchat"} 1`) })
	chat.RocketChat.SetPresence(id, "away", "")
	eventually(t, "the new presence is there", func() bool { state, _ := presence(); return state == "AWAY" })
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	eventually(t, "the program has left", func() bool { return chat.RocketChat.Watching() == 0 })
	if got := strings.Count(p.log.String(), "does not tell of presence"); got != 1 {
		t.Errorf("%d lines about the lost connection, want 1:\n%s", got, p.log.String())
	}
}
