package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roster/bench/internal/process"
)

// within bounds a step, so that a missing change ends the measurement.
const within = 10 * time.Minute

// bench is one measurement.
type bench struct {
	settings
	dir                  string
	size                 int // of the company
	company, subscribers *process.Process
	server               *server
	people               map[string]*person // by ID in the source that changes
	titles               map[string]string  // the last one of those who have changed, in the same way
	steps, changed       int                // so far
	bytes                []int64            // received before the phase, by transport
	counts               []int
}

// person is a person with an account in the source that changes.
type person struct {
	id      string
	sources []string
}

func (b *bench) stop() {
	b.subscribers.Stop()
	if b.server != nil {
		b.server.Stop()
	}
	b.company.Stop()
}

// run adds all phases with a company to the table.
func (b *bench) run(ctx context.Context, t *table) (err error) {
	for role, p := range map[string]**process.Process{"company": &b.company, "subscribers": &b.subscribers} {
		if *p, err = process.StartRole(ctx, role); err != nil {
			return err
		}
	}
	var sources []map[string]any
	if err := b.company.Ask(opening{b.size}, &sources); err != nil {
		return err
	}
	if b.server, err = startServer(ctx, b.settings.server, b.dir, sources, b.settings.subscribers); err != nil {
		return err
	}
	cursor, err := b.settled(ctx)
	if err != nil {
		return err
	}
	t.changeable = len(b.people)
	if t.alone, err = b.server.Memory(); err != nil {
		return err
	}
	if err := b.open(ctx, cursor); err != nil {
		return err
	}
	if _, err := b.step(ctx, 0, true); err != nil { // the first one opens the paths of the program
		return err
	}
	if t.open, err = b.server.Memory(); err != nil {
		return err
	}
	steps := []plan{{fmt.Sprintf("one of %d people", b.size), b.single, 1}}
	if b.size == b.settings.people {
		steps = append(steps, plan{fmt.Sprintf("%d at a time", b.at), b.change / b.at, b.at}, plan{"all at once", 1, min(b.change, len(b.people))})
	}
	for _, p := range steps {
		profiled := make(chan error, 2)
		for _, kind := range []string{"profile", "allocs"} {
			if b.profile == "" {
				profiled <- nil
				continue
			}
			go func() {
				profiled <- b.server.profile(ctx, kind, fmt.Sprintf("%s.%d.%d.%s", b.profile, b.size, p.of, kind), 2*p.steps+9)
			}()
		}
		result, err := b.phase(ctx, p.title, p.steps, p.of)
		if err = errors.Join(err, <-profiled, <-profiled); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		if err := t.bounded(result); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		t.phases = append(t.phases, result)
	}
	if _, err := b.step(ctx, 0, true); err != nil { // shows what came in addition to the last changes
		return err
	}
	if err := b.verify(ctx); err != nil {
		return err
	}
	return b.ask(order{Expect: &expect{Of: make([]tally, len(filters)), Within: within}}, &answer{}) // nothing more has come
}

// settled reads everyone, once the log has told that all sources have arrived. It looks at them every second.
func (b *bench) settled(ctx context.Context) (cursor string, err error) {
	for {
		before := cursor
		if cursor, err = b.read(ctx); err != nil || cursor == before {
			return cursor, err
		}
		if err := pause(ctx, 3*time.Second); err != nil {
			return "", err
		}
	}
}

// plan is what is to be done in a phase: so many steps, of so many people.
type plan struct {
	title     string
	steps, of int
}

// open opens all subscriptions, and waits until the server has them.
func (b *bench) open(ctx context.Context, cursor string) error {
	if err := b.ask(order{Open: &open{b.server.address, cursor, b.settings.subscribers}}, &answer{}); err != nil {
		return err
	}
	for until := time.Now().Add(within); ; {
		m, err := b.server.metrics(ctx)
		if err != nil {
			return err
		}
		if int(m.subscribers) == b.settings.subscribers {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("the server has %.0f of %d subscribers", m.subscribers, b.settings.subscribers)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (b *bench) ask(o order, a *answer) error {
	if err := b.subscribers.Ask(o, a); err != nil {
		return err
	}
	if a.Failure != "" {
		return errors.New(a.Failure)
	}
	return nil
}

// phase is the result of a phase.
type phase struct {
	title                 string
	steps, of             int // publications, and changes of each
	received              int // changes, by all subscribers
	sinceChange           delay
	sincePublished        delay   // of the steps in which the directory was built once
	builtOnce             int     // how many those are
	bytes                 []int64 // by transport
	counts                []int
	memory                process.Memory
	processor             time.Duration // of the server
	allocated, allocation float64       // bytes and number
}

// phase makes changes, and has them received by all subscribers, step by step.
func (b *bench) phase(ctx context.Context, title string, steps, of int) (*phase, error) {
	p := &phase{title: title, steps: steps, of: of}
	if err := b.server.ResetPeak(); err != nil {
		return nil, err
	}
	before, err := b.server.metrics(ctx)
	if err != nil {
		return nil, err
	}
	spent, err := b.server.ProcessorTime()
	if err != nil {
		return nil, err
	}
	bytes, counts := b.bytes, b.counts
	for i := range steps {
		if err := b.rest(ctx, of); err != nil {
			return nil, err
		}
		a, err := b.step(ctx, of, i+1 == steps)
		if err != nil {
			return nil, err
		}
		p.received += a.Received
		if a.once {
			p.builtOnce++
		}
		if a.Delays != nil {
			p.sinceChange, p.sincePublished = a.Delays[0], a.Delays[1]
		}
	}
	for i := range transports {
		p.bytes, p.counts = append(p.bytes, b.bytes[i]-bytes[i]), append(p.counts, b.counts[i]-counts[i])
	}
	after, err := b.server.metrics(ctx)
	if err != nil {
		return nil, err
	}
	p.allocated, p.allocation = after.allocated-before.allocated, after.allocations-before.allocations
	now, err := b.server.ProcessorTime()
	if err != nil {
		return nil, err
	}
	p.processor = now - spent
	p.memory, err = b.server.Memory()
	return p, err
}

// rest waits before a change of one person, so that it does not come while the source must not be fetched again yet.
func (b *bench) rest(ctx context.Context, people int) error {
	if people > 1 {
		return nil
	}
	return pause(ctx, minInterval+minInterval/2)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// step gives people another title, or renames the team if there are none, and waits until all subscribers have their changes. Last ends the phase.
func (b *bench) step(ctx context.Context, people int, last bool) (a answer, err error) {
	b.steps++
	name := fmt.Sprintf("Step%d", b.steps)
	t := turn{From: b.changed, People: people, Title: name, Report: "http://" + b.server.address + "/hooks/" + changing + "/" + hookSecret}
	if people == 0 {
		t.Team = name
	}
	b.changed += people
	before, err := b.server.metrics(ctx)
	if err != nil {
		return a, err
	}
	var done turned
	if err := b.company.Ask(t, &done); err != nil {
		return a, err
	}
	if len(done.IDs) != people {
		return a, fmt.Errorf("%d of %d people are in %s", len(done.IDs), people, changing)
	}
	for _, id := range done.IDs {
		b.titles[id] = name
	}
	expected, err := b.expected(&t, &done)
	if err != nil {
		return a, err
	}
	if err := b.ask(order{Expect: expected}, &answer{}); err != nil {
		return a, err
	}
	after, err := b.server.metrics(ctx)
	if err != nil {
		return a, err
	}
	m := &measure{From: [2]time.Time{done.At}, Last: last}
	if after.builds == before.builds+1 {
		m.From[1] = after.published
	}
	err = b.ask(order{Measure: m}, &a)
	b.bytes, b.counts, a.once = a.Bytes, a.Counts, !m.From[1].IsZero()
	return a, err
}

// expected returns what the subscribers of each filter are to get.
func (b *bench) expected(t *turn, done *turned) (*expect, error) {
	e := &expect{Of: make([]tally, len(filters)), Within: within}
	for i := range filters {
		if t.Team != "" && filters[i].selects("TEAM", []string{changing}) {
			action, fields := "UPDATED", `"name"`
			if b.steps == 1 {
				action, fields = "ADDED", ""
			}
			e.Of[i].add([]byte("TEAM"), []byte(action), nil, []byte(fields))
		}
		for _, id := range done.IDs {
			p := b.people[id]
			if p == nil {
				return nil, fmt.Errorf("the graph has nobody with the account %s", id)
			}
			if filters[i].selects("USER", p.sources) {
				e.Of[i].add([]byte("USER"), []byte("UPDATED"), []byte(p.id), []byte(`"title","accounts"`))
			}
		}
	}
	return e, nil
}
