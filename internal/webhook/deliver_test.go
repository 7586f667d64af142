package webhook_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/internal/changes"
	"roster/internal/webhook"
)

// refusing answers with a status and a header.
func refusing(code int, retryAfter string) func(*http.Request, *received) (*http.Response, error) {
	return func(*http.Request, *received) (*http.Response, error) {
		resp, err := status(code)
		resp.Header.Set("Retry-After", retryAfter)
		return resp, err
	}
}

// started runs a deliverer whose receiver has accepted its first message.
func started(t *testing.T, opt webhook.Options, in *receiver, hooks ...webhook.Hook) (*webhook.Deliverer, func()) {
	t.Helper()
	opt.Transport = in
	if opt.Store == nil {
		opt.Store = webhook.NewMemory()
	}
	d, stop := running(t, opt, hooks...)
	time.Sleep(time.Second)
	if got := in.messages(); len(got) != len(hooks) || got[0].Type != webhook.TypeReset || got[0].Data.Reason != webhook.ReasonStarted {
		t.Fatalf("%+v", got)
	}
	return d, stop
}

// The pauses double, with jitter, up to ten minutes. The ID stays; a receiver that asks for a longer pause gets it, and for no more than an hour.
func TestPauses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(*http.Request, *received) (*http.Response, error)
		least  []time.Duration // the shortest pauses; the longest are twice as long, or an hour
	}{
		"errors":           {refusing(500, "7"), []time.Duration{2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 20 * time.Second}},
		"too many":         {refusing(429, "60"), []time.Duration{time.Minute, time.Minute, time.Minute}},
		"away for an hour": {refusing(503, "3600"), []time.Duration{time.Hour}},
		"away for a year":  {refusing(503, "31536000"), []time.Duration{time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log, in := newTape(), &receiver{answer: accepted}
				h := hook()
				h.RetryFor = 7 * 24 * time.Hour
				_, stop := started(t, webhook.Options{Log: log}, in, h)
				in.answers(tt.answer)
				log.add(1)
				time.Sleep(24 * time.Hour)
				stop()
				got := in.messages()[1:]
				for i, least := range tt.least {
					if pause := got[i+1].at.Sub(got[i].at); pause < least || pause > max(2*least, 5*time.Second) || got[i].id != got[0].id {
						t.Errorf("pause %d: %v, want at least %v", i, pause, least)
					}
				}
				if n := len(got); n < 20 || got[n-1].at.Sub(got[n-2].at) < 5*time.Minute {
					t.Errorf("%d attempts in a day", n)
				}
			})
		})
	}
}

// A receiver that says that it is gone gets nothing more, also after a restart, until its settings change. Then it is told to read everything anew.
func TestGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, state, in := newTape(), webhook.NewMemory(), &receiver{answer: accepted}
		h := hook()
		_, stop := started(t, webhook.Options{Log: log, Store: state}, in, h)
		in.answers(refusing(http.StatusGone, ""))
		log.add(1)
		time.Sleep(24 * time.Hour)
		stop()
		if got := in.messages(); len(got) != 2 {
			t.Errorf("%d messages", len(got))
		}
		in.answers(accepted)
		d, stop := running(t, webhook.Options{Log: log, Store: state, Transport: in}, h)
		defer stop()
		time.Sleep(time.Hour)
		if all, err := d.Statuses(t.Context()); err != nil || all[0].State != webhook.StateEnded || len(in.messages()) != 2 || !d.Stats()[0].Ended {
			t.Errorf("%+v, %v, %d messages", all, err, len(in.messages()))
		}
		h.URL += "?again"
		d.Set([]webhook.Hook{h})
		time.Sleep(time.Minute)
		got := in.messages()
		if len(got) != 3 || got[2].Data.Reason != webhook.ReasonSettings || d.Stats()[0].Ended {
			t.Errorf("%+v", got)
		}

		// A removed webhook is forgotten: one that is added again begins at the present.
		d.Set(nil)
		d.Set([]webhook.Hook{h})
		time.Sleep(time.Minute)
		if got := in.messages(); len(got) != 4 || got[3].Data.Reason != webhook.ReasonStarted {
			t.Errorf("%+v", got)
		}
	})
}

// What was not delivered in time is a dead letter: operators see it, the receiver is told, and what follows is delivered.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, in := newTape(), &receiver{answer: accepted}
		var lines bytes.Buffer
		d, stop := started(t, webhook.Options{Log: log, Logger: slog.New(slog.NewTextHandler(&lines, nil))}, in, hook())
		poisoned := "id1"
		in.answers(func(_ *http.Request, m *received) (*http.Response, error) {
			if len(m.Data.Changes) > 0 && m.Data.Changes[0].ID == poisoned {
				return status(http.StatusBadRequest)
			}
			return status(http.StatusOK)
		})
		log.add(4)
		time.Sleep(2 * time.Hour)
		got := in.messages()
		last := got[len(got)-2:]
		if last[0].Data.Reason != webhook.ReasonLost || last[0].Data.Cursor != cursor(1, 3) || len(last[1].Data.Changes) != 1 || last[1].Data.Changes[0].ID != "id4" {
			t.Errorf("%+v", last)
		}
		all, err := d.Statuses(t.Context())
		if err != nil || len(all[0].DeadLetters) != 1 || all[0].State != webhook.StateDelivering || all[0].Host != "hooks.example.com" {
			t.Fatalf("%+v, %v", all, err)
		}
		if dead := all[0].DeadLetters[0]; dead.ID != got[1].id || dead.Changes != 3 || dead.Until != cursor(1, 3) || dead.Problem != "HTTP 400" || dead.Attempts != len(got)-3 {
			t.Errorf("%+v of %d messages", dead, len(got))
		}
		if s := d.Stats()[0]; s.Dead != 1 || s.Messages != 3 || s.Resets[webhook.ReasonLost] != 1 || !s.Delivering || !s.Retrying.IsZero() {
			t.Errorf("%+v", s)
		}
		in.answers(refusing(400, ""))
		for range 25 {
			log.add(1)
			time.Sleep(3 * time.Hour)
			in.answers(accepted)
			time.Sleep(time.Hour)
			in.answers(refusing(400, ""))
		}
		stop()
		if all, err = d.Statuses(t.Context()); err != nil || len(all[0].DeadLetters) > 20 || len(all[0].DeadLetters) < 15 {
			t.Errorf("%d dead letters, %v", len(all[0].DeadLetters), err)
		}
		if text := lines.String(); !strings.Contains(text, "webhook=crm message="+got[1].id) || strings.Contains(text, "hooks.example.com") || strings.Contains(text, "secret answer") {
			t.Errorf("the log:\n%.2000s", text)
		}
	})
}

// A receiver that does not answer delays no other, and a stop waits for it for seconds only.
func TestASlowReceiver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, in := newTape(), &receiver{answer: accepted}
		slow, quick := hook(), hook()
		slow.Name, slow.URL, slow.Timeout = "slow", "https://slow.example.com", time.Minute
		_, stop := started(t, webhook.Options{Log: log}, in, slow, quick)
		in.answers(func(r *http.Request, _ *received) (*http.Response, error) {
			if r.URL.Host == "slow.example.com" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return status(http.StatusOK)
		})
		log.add(9)
		time.Sleep(time.Second)
		delivered := 0
		for _, m := range in.messages() {
			if m.taken {
				delivered += len(m.Data.Changes)
			}
		}
		began := time.Now()
		stop()
		if took := time.Since(began); delivered != 8 || took > 10*time.Second {
			t.Errorf("%d changes are delivered, the stop took %v", delivered, took)
		}
	})
}

// A message has no more than a certain length, and what it has no room for follows in the next one.
func TestLongChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, in := newTape(), &receiver{answer: accepted}
		h := hook()
		h.Batch = 1000
		_, stop := started(t, webhook.Options{Log: log}, in, h)
		log.add(400)
		time.Sleep(time.Minute)
		stop()
		for _, m := range in.messages() {
			if len(m.body) > 20_000 {
				t.Errorf("a message of %d bytes", len(m.body))
			}
		}
		if faults := follow(log, in.messages(), true); len(faults) > 0 || len(in.messages()) > 10 {
			t.Errorf("%d messages, %v", len(in.messages()), faults)
		}
	})
}

// A receiver that gets few of the changes does not lose its position because the log forgets the others.
func TestThePositionMovesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, state, in := newTape(), webhook.NewMemory(), &receiver{answer: accepted}
		h := hook()
		h.See = func(e *changes.Event) ([]string, bool) { return nil, e.Kind == changes.Role }
		opt := webhook.Options{Log: log, Store: state}
		_, stop := started(t, opt, in, h)
		for range 10 {
			log.add(10)
			log.forget(10)
			time.Sleep(2 * time.Minute)
		}
		stop()
		log.add(5)
		opt.Transport = in
		_, stop = running(t, opt, h)
		time.Sleep(time.Minute)
		stop()
		if got := in.messages(); len(got) != 1 {
			t.Errorf("%+v", got[1:])
		}
	})
}

// The directory keeps positions for the next process, and only for one at a time.
func TestFiles(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	files, err := webhook.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := webhook.OpenFiles(path); err == nil {
		t.Error("two processes have the directory")
	}
	lease, err := files.Acquire(t.Context(), "crm")
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Save(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	read := func(want string) {
		t.Helper()
		if got, err := webhook.FilesAt(path).Load(t.Context(), "crm"); string(got) != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	read("{}")
	if err := files.Close(); err != nil {
		t.Error(err)
	}
	if files, err = webhook.OpenFiles(path); err != nil {
		t.Fatal(err)
	}
	read("{}")
	if lease, err = files.Acquire(t.Context(), "crm"); err != nil {
		t.Fatal(err)
	}
	if err := lease.Save(t.Context(), nil); err != nil {
		t.Error(err)
	}
	read("")
	if err := files.Close(); err != nil {
		t.Error(err)
	}
}

// records keeps what was recorded, and can refuse.
type records struct {
	mu      sync.Mutex
	all     []webhook.Attempt
	refuses atomic.Bool
}

func (r *records) Ready() bool { return !r.refuses.Load() }

func (r *records) Begin(context.Context, webhook.Attempt) bool { return !r.refuses.Load() }

func (r *records) Record(_ context.Context, a webhook.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.Message = ""
	r.all = append(r.all, a)
}

// Each attempt is recorded. While it cannot be, nothing is sent.
func TestAttemptsAreRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, in, kept := newTape(), &receiver{answer: accepted}, new(records)
		d := webhook.New(webhook.Options{Log: log, Store: webhook.NewMemory(), Transport: in})
		d.RecordTo(kept)
		d.Set([]webhook.Hook{hook()})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { d.Run(ctx) })
		time.Sleep(time.Second)
		in.answers(func(*http.Request, *received) (*http.Response, error) {
			time.Sleep(2 * time.Second)
			return status(http.StatusBadGateway)
		})
		log.add(2)
		time.Sleep(4 * time.Second)
		in.answers(func(*http.Request, *received) (*http.Response, error) {
			kept.refuses.Store(true)
			return nil, errLost
		})
		time.Sleep(time.Minute)
		in.answers(accepted)
		sent := len(in.messages())
		time.Sleep(2 * hook().RetryFor)
		if n := len(in.messages()); n != sent {
			t.Errorf("%d messages are sent that cannot be recorded", n-sent)
		}
		if all, err := d.Statuses(ctx); err != nil || all[0].Pending == nil || all[0].Pending.Attempts != 2 || !strings.Contains(all[0].Pending.Problem, "access log") {
			t.Errorf("meanwhile: %+v, %v", all, err)
		}
		kept.refuses.Store(false)
		time.Sleep(10 * time.Second) // nobody has failed, so nothing is given up, and no pause has grown
		cancel()
		run.Wait()
		want := []webhook.Attempt{
			{Webhook: "crm", Reason: webhook.ReasonStarted, Number: 1, Status: http.StatusNoContent},
			{Webhook: "crm", Changes: 2, Number: 1, Status: http.StatusBadGateway, Took: 2 * time.Second},
			{Webhook: "crm", Changes: 2, Number: 2},
			{Webhook: "crm", Changes: 2, Number: 3, Status: http.StatusNoContent},
		}
		if diff := cmp.Diff(want, kept.all); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// recordedBy runs a process whose attempts are recorded.
func recordedBy(t *testing.T, r webhook.Recorder, opt webhook.Options) (*webhook.Deliverer, func()) {
	t.Helper()
	d := webhook.New(opt)
	d.RecordTo(r)
	return d, run(t, d, hook())
}

// The time in which an attempt could not be recorded is not the receiver's, also if the process is killed in it: the receiver that fails once afterwards gets the message.
func TestTheTimeWithoutTheAccessLogSurvives(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"the process goes on", "it is stopped", "it is killed", "it loses the lease"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log, state, in, kept := newTape(), webhook.NewMemory(), &receiver{answer: accepted}, new(records)
				first := &mortal{Memory: state}
				d, stop := recordedBy(t, kept, webhook.Options{Log: log, Store: first, Transport: processTransport{first, in}})
				time.Sleep(time.Second)
				kept.refuses.Store(true)
				log.add(1)
				time.Sleep(hook().RetryFor)
				switch how {
				case "it loses the lease":
					first.revoked.Add(1)
				case "it is stopped", "it is killed":
					first.dead.Store(how == "it is killed")
					stop()
					time.Sleep(hook().RetryFor)
					second := &mortal{Memory: state}
					d, stop = recordedBy(t, kept, webhook.Options{Log: log, Store: second, Transport: processTransport{second, in}})
				}
				time.Sleep(hook().RetryFor)
				var failed atomic.Bool
				in.answers(func(*http.Request, *received) (*http.Response, error) {
					if failed.CompareAndSwap(false, true) {
						return status(http.StatusBadGateway)
					}
					return status(http.StatusNoContent)
				})
				kept.refuses.Store(false)
				for !failed.Load() {
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(100 * time.Millisecond)
				if since := d.Stats()[0].Retrying; time.Since(since) > time.Minute {
					t.Errorf("the receiver is said to fail for %v", time.Since(since))
				}
				time.Sleep(time.Minute)
				stop()
				if got := in.messages(); len(got) != 3 || got[1].id != got[2].id || len(got[2].Data.Changes) != 1 {
					t.Errorf("%+v", got)
				}
				if all, err := d.Statuses(context.WithoutCancel(t.Context())); err != nil || len(all[0].DeadLetters) > 0 {
					t.Errorf("%+v, %v", all, err)
				}
			})
		})
	}
}

// A process that cannot write its access log lets another one deliver, and takes no lease before it can.
func TestAProcessWithoutTheAccessLogGivesTheLeaseBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, store, in, full := newTape(), &leases{Memory: webhook.NewMemory()}, &receiver{answer: accepted}, new(records)
		opt := webhook.Options{Log: log, Store: store, Transport: in}
		one, stopOne := recordedBy(t, full, opt)
		defer stopOne()
		time.Sleep(time.Second)
		full.refuses.Store(true)
		two, stopTwo := recordedBy(t, new(records), opt)
		defer stopTwo()
		log.add(1)
		time.Sleep(time.Minute)
		if got := in.messages(); len(got) != 2 || one.Stats()[0].Delivering || !two.Stats()[0].Delivering {
			t.Fatalf("%d messages, %+v, %+v", len(got), one.Stats(), two.Stats())
		}
		stopTwo()
		log.add(1)
		time.Sleep(time.Hour)
		if got := in.messages(); len(got) != 2 || one.Stats()[0].Delivering {
			t.Errorf("%d messages, %+v", len(got), one.Stats())
		}
		full.refuses.Store(false)
		time.Sleep(time.Minute)
		if got := in.messages(); len(got) != 3 {
			t.Errorf("afterwards: %d messages", len(got))
		}
	})
}
