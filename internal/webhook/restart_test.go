package webhook_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/changes"
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

// without is a tape that has lost one change. It may not know that until it has read itself again, which takes some time after a reader has come.
type without struct {
	*tape
	lost  string
	knows bool
	takes time.Duration
}

type withoutReader struct {
	webhook.Reader
	of    *without
	after string
	came  time.Time
}

func (l *without) Reader(after string) (webhook.Reader, error) {
	if after == l.lost && l.knows {
		return nil, changes.ErrExpired
	}
	r, err := l.tape.Reader(after)
	if err != nil {
		return nil, err
	}
	return withoutReader{r, l, after, time.Now()}, nil
}

func (r withoutReader) Next(ctx context.Context, wanted func(*changes.Event) bool) (*changes.Event, error) {
	if r.after == r.of.lost && time.Since(r.came) >= r.of.takes {
		return nil, changes.ErrExpired
	}
	return r.Reader.Next(ctx, func(e *changes.Event) bool { return e.Cursor != r.of.lost && wanted(e) })
}

// A message that was sent with a change that the log has lost since is no message any more: its receiver reads everything again, and at once.
func TestAMessageWhoseChangeIsLost(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]without{"at once": {knows: true}, "after a look": {}, "after a look that takes long": {takes: 18 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tape, state, in := newTape(), webhook.NewMemory(), &receiver{answer: accepted}
				first := &mortal{Memory: state}
				_, stop := running(t, webhook.Options{Log: tape, Store: first, Transport: processTransport{first, in}}, hook())
				time.Sleep(time.Second)
				in.answers(func(r *http.Request, _ *received) (*http.Response, error) {
					<-r.Context().Done()
					return nil, errLost
				})
				tape.add(2)
				time.Sleep(time.Second)
				first.dead.Store(true)
				stop()
				in.answers(accepted)
				tape.add(1)
				log.tape, log.lost = tape, cursor(1, 2)
				_, stop = running(t, webhook.Options{Log: &log, Store: state, Transport: in}, hook())
				time.Sleep(10*time.Second + 2*log.takes)
				stop()
				if got := in.messages(); len(got) != 3 || got[2].Type != webhook.TypeReset || got[2].Data.Reason != webhook.ReasonExpired {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}
