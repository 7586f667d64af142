package webhook_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/changes"
	"roster/internal/webhook"
)

// lostAnswer takes a message, and its answer is lost.
func lostAnswer(*http.Request, *received) (*http.Response, error) { return nil, errLost }

// A message that has other changes has another ID: a receiver that has taken the first one would ignore the second one.
func TestOtherChangesHaveAnotherID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, in := newTape(), &receiver{answer: accepted}
		h := hook()
		h.See = func(e *changes.Event) ([]string, bool) { return nil, e.Cursor == cursor(1, 2) }
		d, stop := started(t, webhook.Options{Log: log}, in, h)
		defer stop()
		in.answers(lostAnswer)
		log.add(2)
		time.Sleep(time.Second)
		h.Batch = 1 // the present message is read again, and its one change is another one
		h.See = func(e *changes.Event) ([]string, bool) { return nil, e.Cursor == cursor(1, 1) }
		in.answers(accepted)
		d.Set([]webhook.Hook{h})
		time.Sleep(time.Minute)
		got := in.messages()
		if len(got) < 3 || got[len(got)-1].id == got[1].id || got[len(got)-1].Data.Changes[0].ID != "id1" {
			t.Errorf("%+v", got)
		}
	})
}

// A webhook with another receiver or another selection tells the receiver to read everything anew, once, also after a restart.
func TestAnotherSelectionIsTold(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*webhook.Hook){
		"url":       func(h *webhook.Hook) { h.URL += "/other" },
		"kinds":     func(h *webhook.Hook) { h.Selects.Kinds = []string{"USER", "TEAM"} },
		"sources":   func(h *webhook.Hook) { h.Selects.Sources = []string{"kommo"} },
		"sensitive": func(h *webhook.Hook) { h.Selects.Sensitive = true },
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					log, in := newTape(), &receiver{answer: accepted}
					h := hook()
					opt := webhook.Options{Log: log, Store: webhook.NewMemory(), Transport: in}
					d, stop := started(t, opt, in, h)
					in.answers(lostAnswer)
					log.add(1)
					time.Sleep(time.Second)
					change(&h)
					if restart {
						stop()
						d, stop = running(t, opt)
					}
					in.answers(accepted)
					d.Set([]webhook.Hook{h})
					time.Sleep(time.Minute)
					log.add(1)
					time.Sleep(time.Minute)
					stop()
					got := in.messages()
					if n := len(got); n < 4 || got[n-2].Data.Reason != webhook.ReasonSettings || got[n-2].Data.Cursor != cursor(1, 1) ||
						len(got[n-1].Data.Changes) != 1 || got[n-1].Data.Changes[0].ID != "id2" {
						t.Errorf("%+v", got)
					}
				})
			})
		}
	}
}

// A corrected setting is tried at once, and for the whole time. A pause far in the future, which only another clock can have asked for, is not waited for.
func TestACorrectedSettingIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, in := newTape(), &receiver{answer: accepted}
		h := hook()
		d, stop := started(t, webhook.Options{Log: log}, in, h)
		defer stop()
		in.answers(refusing(503, "3600"))
		log.add(1)
		time.Sleep(time.Minute)
		h.Previous = secretTwo
		d.Set([]webhook.Hook{h})
		time.Sleep(time.Minute)
		if got := in.messages(); len(got) != 3 || got[2].id != got[1].id {
			t.Errorf("%+v", got)
		}
	})
}
