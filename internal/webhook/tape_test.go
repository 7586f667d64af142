package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"roster/internal/changes"
	"roster/internal/webhook"
)

const (
	secretOne = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secretTwo = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// tape is a log of changes to which a test appends. It can forget, and become another one as after a restart.
type tape struct {
	mu     sync.Mutex
	epoch  int
	first  int // the number of the first event that is kept; that of all is 1
	events []*changes.Event
	grown  chan struct{}
	away   bool // it cannot be read at present
}

func newTape() *tape { return &tape{epoch: 1, first: 1, grown: make(chan struct{})} }

func cursor(epoch, number int) string { return fmt.Sprintf("e%d.%d", epoch, number) }

// numbersIn returns what cursor has made a cursor of.
func numbersIn(text string) (epoch, number int) {
	fmt.Sscanf(text, "e%d.%d", &epoch, &number) //nolint:errcheck // zero for what is no cursor
	return epoch, number
}

func (l *tape) head() int { return l.first + len(l.events) - 1 }

// add appends changes of people; those whose number in the log can be divided by five are of a team.
func (l *tape) add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		at := l.head() + 1
		e := &changes.Event{Cursor: cursor(l.epoch, at), At: time.Now()}
		e.Kind, e.Action, e.ID, e.Label, e.Fields = changes.User, changes.Updated, "id"+strconv.Itoa(at), "Ann", []string{"title"}
		if at%5 == 0 {
			e.Kind = changes.Team
		}
		l.events = append(l.events, e)
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

// forget drops all events but the last ones.
func (l *tape) forget(keep int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	drop := max(0, len(l.events)-keep)
	l.first, l.events = l.first+drop, l.events[drop:]
}

// restart makes it an empty log whose cursors are others.
func (l *tape) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch, l.first, l.events = l.epoch+1, 1, nil
}

// leave has the log be away, or back.
func (l *tape) leave(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *tape) Cursor() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cursor(l.epoch, l.head())
}

// errAway is the error of a log that cannot be read at present.
var errAway = errors.New("the log is away")

func (l *tape) has(epoch, number int) bool {
	return epoch == l.epoch && number+1 >= l.first && number <= l.head()
}

func (l *tape) Reader(after string) (webhook.Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	epoch, number := l.epoch, l.head()
	if after != "" {
		epoch, number = numbersIn(after)
	}
	switch {
	case l.away:
		return nil, errAway
	case !l.has(epoch, number):
		return nil, changes.ErrExpired
	}
	return &tapeReader{l, epoch, number}, nil
}

type tapeReader struct {
	tape          *tape
	epoch, number int
}

func (r *tapeReader) next() (*changes.Event, chan struct{}, error) {
	l := r.tape
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.away:
		return nil, nil, errAway
	case !l.has(r.epoch, r.number):
		return nil, nil, changes.ErrExpired
	case r.number == l.head():
		return nil, l.grown, nil
	}
	r.number++
	return l.events[r.number-l.first], nil, nil
}

func (r *tapeReader) Next(ctx context.Context, wanted func(*changes.Event) bool) (*changes.Event, error) {
	for {
		e, grown, err := r.next()
		switch {
		case err != nil:
			return nil, err
		case e != nil && wanted(e):
			return e, nil
		case e != nil:
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (*tapeReader) Close() {}

// people selects the changes of people.
func people(e *changes.Event) ([]string, bool) { return e.Fields, e.Kind == changes.User }

func hook() webhook.Hook {
	return webhook.Hook{Name: "crm", URL: "https://hooks.example.com/in", Secret: secretOne, See: people, Batch: 3, Timeout: 10 * time.Second, RetryFor: time.Hour}
}

// received is a message as a receiver understands it.
type received struct {
	id   string
	body string
	at   time.Time
	// taken is true if the receiver has kept it, whether its answer has arrived or not.
	taken bool

	Type string
	Data struct {
		Reason, Cursor string
		Changes        []struct{ Cursor, ID, Kind string }
	}
}

// receiver is a receiver that a test scripts.
type receiver struct {
	mu     sync.Mutex
	all    []received // each that arrived, whatever was answered
	answer func(*http.Request, *received) (*http.Response, error)
	faults []string
}

func (r *receiver) complain(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	signer, err := standardwebhooks.NewWebhook(secretOne)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	m := received{id: req.Header.Get("webhook-id"), body: string(body), at: time.Now()}
	if err := signer.Verify(body, req.Header); err != nil {
		r.complain("%v", err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		r.complain("%s: %v", body, err)
	}
	r.all = append(r.all, m)
	answer, n := r.answer, len(r.all)-1
	r.mu.Unlock()
	resp, err := answer(req, &m)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[n].taken = errors.Is(err, errLost) || err == nil && resp.StatusCode < 300
	return resp, err
}

// errLost is the error of an answer that is lost.
var errLost = errors.New("the connection is closed")

func (r *receiver) answers(f func(*http.Request, *received) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

// messages returns what has arrived so far.
func (r *receiver) messages() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

func status(code int) (*http.Response, error) {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("secret answer"))}, nil
}

func accepted(*http.Request, *received) (*http.Response, error) { return status(http.StatusNoContent) }

// running starts a deliverer, and returns it with a function that stops it.
func running(t *testing.T, opt webhook.Options, hooks ...webhook.Hook) (*webhook.Deliverer, func()) {
	t.Helper()
	d := webhook.New(opt)
	return d, run(t, d, hooks...)
}

// run runs a deliverer, and returns the function that stops it.
func run(t *testing.T, d *webhook.Deliverer, hooks ...webhook.Hook) func() {
	t.Helper()
	d.Set(hooks)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}
