package writes_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/internal/redis/redistest"
	"roster/internal/writes"
)

// startReplicas starts several replicas that share a Redis and know each other.
func startReplicas(t *testing.T, redis *redistest.Server, setups ...setup) []*process {
	t.Helper()
	ps := make([]*process, len(setups))
	for i, s := range setups {
		ps[i] = start(t, s)
	}
	redistest.Await(t, func() bool { return redis.Must("ZCARD", "roster:replicas") == fmt.Sprint(len(setups)) }, "all replicas are there")
	return ps
}

// makes has a replica create a team, and returns its ID.
func (p *process) makes(suffix string) string {
	p.t.Helper()
	said := p.does(order{Kind: "createTeam", Suffix: suffix})
	if len(said.Errs) > 0 || said.Results[0].Outcome != writes.Done || !said.Shown {
		p.t.Fatalf("%+v", said)
	}
	return said.Results[0].Ref.ID
}

func (p *process) shows(when string, ids ...string) {
	p.t.Helper()
	if missing := p.does(order{Look: ids}).Missing; len(missing) > 0 {
		p.t.Errorf("%s a replica does not show %v of %v", when, missing, ids)
	}
}

// As soon as one replica has answered, all others show the record, even if they receive no notification or are slow.
func TestShownByAllAtOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*redistest.Server, *setup, *setup){
		"all is well":               func(*redistest.Server, *setup, *setup) {},
		"the others build for long": func(_ *redistest.Server, _, others *setup) { others.BuildFor = 500 * time.Millisecond },
		"nobody may use the channel": func(redis *redistest.Server, one, others *setup) {
			redis.Must("ACL", "SETUSER", "deaf", "on", ">secret", "~*", "resetchannels", "+@all")
			one.Redis = "deaf:secret@" + redis.Addr
			others.Redis = one.Redis
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, base := company(t)
			s.Lag(time.Hour)
			redis := redistest.Start(t, "--appendonly", "yes")
			base.Redis = redis.Addr
			one, others := base, base
			change(redis, &one, &others)
			ps := startReplicas(t, redis, one, others, others)
			for i := range 5 {
				id := ps[0].makes(fmt.Sprint(i))
				ps[1].shows(name, id)
				ps[2].shows(name, id)
			}
		})
	}
}

// Notifications are lost because connections are cut all the time.
func TestShownByAllWhileConnectionsAreCut(t *testing.T) {
	t.Parallel()
	s, base := company(t)
	s.Lag(time.Hour)
	redis := redistest.Start(t, "--appendonly", "yes")
	base.Redis = redis.Addr
	ps := startReplicas(t, redis, base, base, base)
	for i := range 5 {
		redis.Must("CLIENT", "KILL", "TYPE", "pubsub")
		id := ps[0].makes(fmt.Sprint(i))
		ps[1].shows("after a cut", id)
		ps[2].shows("after a cut", id)
	}
}

// A dead replica stays in the membership for a while. It delays only one write, and the living replicas show all records.
func TestShownByTheLiving(t *testing.T) {
	t.Parallel()
	s, base := company(t)
	s.Lag(time.Hour)
	redis := redistest.Start(t, "--appendonly", "yes")
	base.Redis = redis.Addr
	ps := startReplicas(t, redis, base, base, base)
	if err := ps[2].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var log string
	for i := range 5 {
		said := ps[0].does(order{Kind: "createTeam", Suffix: fmt.Sprint(i)})
		if said.Results[0].Outcome != writes.Done {
			t.Fatalf("%+v", said)
		}
		ps[1].shows("while another is dead", said.Results[0].Ref.ID)
		log = said.Log
	}
	if n := strings.Count(log, "did not acknowledge a write in time"); n != 1 {
		t.Errorf("it was waited for in vain %d times, want once: %s", n, log)
	}
}

// A replica that starts while others write shows all answered records before it answers.
func TestShownByWhoStarts(t *testing.T) {
	t.Parallel()
	s, base := company(t)
	s.Lag(time.Hour)
	redis := redistest.Start(t, "--appendonly", "yes")
	base.Redis = redis.Addr
	one := startReplicas(t, redis, base)[0]
	var ids []string
	for i := range 4 {
		late := start(t, base)
		asked := make(chan told, 1)
		ids = append(ids, one.makes(fmt.Sprint("before ", i)))
		late.order(order{Look: ids}) // it checks when it is ready
		go func() {
			said, _ := late.answer()
			asked <- said
		}()
		for n := 0; ; n++ {
			ids = append(ids, one.makes(fmt.Sprint(i, "-", n)))
			select {
			case said := <-asked:
				if len(said.Missing) > 0 {
					t.Errorf("when it is ready it does not show %v", said.Missing)
				}
			default:
				continue
			}
			break
		}
		late.shows("after it is ready", ids...)
	}
}
