package webhook_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/webhook"
)

// A process that is killed while a receiver takes a message is followed by one that sends the same message: the receiver can ignore it by its ID.
func TestAMessageKeepsItsIDWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, state, in := newTape(), webhook.NewMemory(), &receiver{answer: accepted}
		first := &mortal{Memory: state}
		_, stop := running(t, webhook.Options{Log: log, Store: first, Transport: processTransport{first, in}}, hook())
		time.Sleep(time.Second)
		in.answers(func(r *http.Request, _ *received) (*http.Response, error) {
			<-r.Context().Done()
			return nil, errLost
		})
		log.add(2)
		time.Sleep(time.Second)
		first.dead.Store(true)
		stop()
		in.answers(accepted)
		log.add(3)
		second := &mortal{Memory: state}
		_, stop = running(t, webhook.Options{Log: log, Store: second, Transport: processTransport{second, in}}, hook())
		time.Sleep(time.Minute)
		stop()
		got := in.messages()
		if len(got) != 4 || got[1].id != got[2].id || got[1].body != got[2].body || got[3].id == got[2].id || len(got[2].Data.Changes) != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// A log that cannot be read for some time, as of replicas without Redis, is no reason to tell the receiver to read anew.
func TestALogThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, state, in := newTape(), webhook.NewMemory(), &receiver{answer: accepted}
		opt := webhook.Options{Log: log, Store: state}
		_, stop := started(t, opt, in, hook())
		log.leave(true)
		log.add(2)
		time.Sleep(time.Hour)
		stop()
		opt.Transport = in
		_, stop = running(t, opt, hook())
		time.Sleep(time.Hour)
		log.leave(false)
		time.Sleep(time.Minute)
		stop()
		if got := in.messages(); len(got) != 2 || len(got[1].Data.Changes) != 2 {
			t.Errorf("%+v", got)
		}
	})
}
