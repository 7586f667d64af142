package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"roster/bench/internal/process"
)

// phase is what happens in the background while rows are measured.
type phase struct {
	name, title string
	fetched     bool    // the accounts of one source are fetched every second
	changed     bool    // and a person changes every second
	within      float64 // the goal, as a multiple of the same row in the first phase; 0 for the goal of the row itself
}

var phases = []phase{
	{name: "quiet", title: "nothing is fetched"},
	{name: "fetched", title: "the accounts of a source are fetched every second, and nothing changes", fetched: true, within: 1.2},
	{name: "changed", title: "the accounts of a source are fetched every second, and a person changes every second", fetched: true, changed: true},
}

// bench is one measurement.
type bench struct {
	settings
	dir                  string
	floor, company, load *process.Process
	floorAddress         string
	server               *server
}

func (b *bench) stop() {
	if b.server != nil {
		b.server.Stop()
	}
	for _, p := range []*process.Process{b.load, b.floor, b.company} {
		p.Stop()
	}
}

// run measures all rows in all phases.
func (b *bench) run(ctx context.Context) (t *table, err error) {
	for role, p := range map[string]**process.Process{"floor": &b.floor, "company": &b.company, "load": &b.load} {
		if *p, err = process.StartRole(ctx, role); err != nil {
			return nil, err
		}
	}
	if b.floorAddress, err = b.floor.Await(""); err != nil {
		return nil, err
	}
	var sources []map[string]any
	if err := b.company.Read(&sources); err != nil {
		return nil, err
	}
	t = &table{round: b.round, rounds: b.rounds}
	for _, p := range phases {
		var selected []row
		for _, r := range rows {
			if b.rows.MatchString(p.name+"/"+r.name) && !(p.changed && r.status == http.StatusNotModified) {
				selected = append(selected, r)
			}
		}
		if len(selected) == 0 {
			continue
		}
		if b.server, err = startServer(ctx, b.settings.server, b.dir, sources, p.fetched, b.profile != ""); err != nil {
			return nil, err
		}
		for _, r := range selected {
			m, err := b.measure(ctx, p, r)
			if err != nil && !errors.Is(err, errNoETag) {
				return nil, fmt.Errorf("%s/%s: %w", p.name, r.name, err)
			}
			t.add(p, r, m)
		}
		b.server.Stop()
	}
	return t, nil
}

// measured is what one row costs.
type measured struct {
	bytes         int // of an answer
	floor, server time.Duration
	ratio         float64
}

// measure measures one row: in each round first the floor and then the server. It returns nil with errNoETag.
func (b *bench) measure(ctx context.Context, p phase, r row) (*measured, error) {
	requests, err := r.requests(ctx, b.server)
	if err != nil {
		return nil, err
	}
	model, err := b.model(ctx, requests)
	if err != nil {
		return nil, err
	}
	if model.Status != r.status {
		return nil, fmt.Errorf("HTTP %d instead of %d", model.Status, r.status)
	}
	if err := b.floor.Ask(model, new(bool)); err != nil {
		return nil, err
	}
	stop := b.change(ctx, p.changed)
	defer stop()
	atFloor := &target{Process: b.floor, order: order{Address: b.floorAddress, Requests: requests, For: b.round}, status: r.status}
	atServer := &target{Process: b.server.Process, order: order{Address: b.server.address, Requests: requests, For: b.round}, status: r.status}
	atServer.order.From = len(requests) // the first ones have been sent already
	var floors, servers, ratios []float64
	for i := range b.rounds + 1 {
		f, err := b.sendTo(atFloor)
		if err != nil {
			return nil, fmt.Errorf("the floor: %w", err)
		}
		s, err := b.sendTo(atServer)
		if err != nil {
			return nil, err
		}
		if i == 0 { // connections are opened, and memory is taken from the system
			continue
		}
		floors, servers, ratios = append(floors, f), append(servers, s), append(ratios, s/f)
	}
	if b.profile != "" {
		if err := b.profiles(ctx, model, atFloor, atServer); err != nil {
			return nil, err
		}
	}
	return &measured{bytes: len(model.Body), floor: time.Duration(median(floors)), server: time.Duration(median(servers)), ratio: median(ratios)}, nil
}

// model returns an answer of middling length, which is the one that the floor gives.
func (b *bench) model(ctx context.Context, requests []*request) (*answer, error) {
	var sample []*answer
	for i := 0; i < len(requests); i += max(1, len(requests)/25) {
		a, err := b.server.exchange(ctx, requests[i])
		if err != nil {
			return nil, err
		}
		sample = append(sample, a)
	}
	slices.SortFunc(sample, func(a, b *answer) int { return cmp.Compare(len(a.Body), len(b.Body)) })
	return sample[len(sample)/2], nil
}

// target is what requests are sent to.
type target struct {
	*process.Process
	order  order
	status int
}

// sendTo sends requests for one round, and returns the processor time for each, in nanoseconds.
func (b *bench) sendTo(t *target) (float64, error) {
	before, err := t.ProcessorTime()
	if err != nil {
		return 0, err
	}
	var got report
	if err := b.load.Ask(t.order, &got); err != nil {
		return 0, err
	}
	after, err := t.ProcessorTime()
	if err != nil {
		return 0, err
	}
	switch {
	case got.Failure != "":
		return 0, errors.New(got.Failure)
	case got.Answers == 0 || got.Statuses[t.status] != got.Answers || got.Errors > 0:
		return 0, fmt.Errorf("%d answers with errors of GraphQL; by their status: %v", got.Errors, got.Statuses)
	}
	t.order.From = got.Next
	return float64(after-before) / float64(got.Answers), nil
}

// change changes a person every second until stop is called.
func (b *bench) change(ctx context.Context, changed bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for i := 0; changed; i++ {
			select {
			case <-every.C:
			case <-ctx.Done():
				return
			}
			if b.company.Ask([...]string{"Zoe", "Zoi"}[i%2], new(bool)) != nil {
				return // the next fetch fails too
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// profiles writes profiles of the server, and of the floor, while they answer as in the rounds.
func (b *bench) profiles(ctx context.Context, model *answer, atFloor, atServer *target) error {
	during := max(time.Second, time.Duration(b.rounds)*b.round)
	atFloor.order.For, atServer.order.For = during, during
	written := make(chan error, 1)
	go func() { written <- b.server.profile(ctx, b.profile, during) }()
	if _, err := b.sendTo(atServer); err != nil {
		return err
	}
	if err := <-written; err != nil {
		return err
	}
	profiled := *model
	profiled.Profile = b.profile + ".floor"
	for _, a := range []*answer{&profiled, model} {
		if err := b.floor.Ask(a, new(bool)); err != nil {
			return err
		}
		if a == model {
			break
		}
		if _, err := b.sendTo(atFloor); err != nil {
			return err
		}
	}
	return nil
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
