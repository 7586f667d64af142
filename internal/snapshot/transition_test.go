package snapshot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// t0 is when the fetch began from which the given data comes.
var t0 = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }

// alone are the rules of a collection without a shared store. A caller asked at t0.
func alone() *rules {
	key := Key{Source: "a", Collection: connectors.Teams}
	return &rules{constants: &constants{key: key, kind: kinds[key.Collection], item: StoreKey{Key: key},
		settings: Settings{FreshFor: time.Minute, KeepFor: time.Hour, MinInterval: 10 * time.Second, MaxLoss: 30, AcceptAfter: 30 * time.Minute}},
		waits: &waits{idleAfter: 10 * time.Minute, first: 2 * time.Second, last: 5 * time.Second}, asked: t0}
}

// together are the rules of a collection with a shared store; rank is the place of this replica among three.
func together(connected bool, rank int) *rules {
	r := alone()
	r.shared, r.membership = true, Membership{Connected: connected, Size: 3, Rank: rank, Since: at(-3600)}
	return r
}

func teams(ids ...string) Records {
	var r Records
	for _, id := range ids {
		r.Teams = append(r.Teams, connectors.Team{ID: id})
	}
	return r
}

func ids(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(1000 + i)
	}
	return ids
}

func many(n int) Records { return teams(ids(n)...) }

// complete, changed, partial and failed are outcomes of a fetch.
func complete(r Records) fetched {
	return fetched{outcome{fetchResult: fetchResult{records: r, complete: true, state: "s"}}}
}

// changed has the changes since a state: records, and the IDs of those that are gone.
func changed(since collectionState, r Records, gone ...string) fetched {
	f := complete(r)
	f.since, f.gone = since.snap, gone
	return f
}

func partial(ids ...string) fetched {
	return fetched{outcome{fetchResult: fetchResult{records: teams(ids...)}}}
}

func failed(e connectors.Error, ids ...string) fetched {
	f := partial(ids...)
	f.err = &e
	return f
}

// after returns the state after events, each at its time in seconds since t0.
func after(r *rules, events ...any) collectionState {
	s := newState(1, 2)
	for i := 0; i < len(events); i += 2 {
		s, _ = r.transition(s, events[i+1].(event), at(events[i].(int)))
	}
	return s
}

// brief returns a state in one line.
func brief(r *rules, s *collectionState, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, %v", s.phase, r.state(s, now))
	if s.snap != nil {
		fmt.Fprintf(&b, " %d", s.snap.Records.Len())
	}
	if s.err != nil {
		fmt.Fprintf(&b, ", %v", s.err.Kind)
	}
	if s.failures > 0 {
		fmt.Fprintf(&b, ", %d failures", s.failures)
	}
	return b.String()
}

// doing returns actions in one line, without the lines of the log.
func doing(actions []action) string {
	var names []string
	for _, a := range actions {
		name := strings.TrimPrefix(fmt.Sprintf("%T", a), "snapshot.")
		switch a := a.(type) {
		case logLine:
			continue
		case fetch:
			if name = "fetch all"; a.since != nil {
				name = "fetch changes"
			}
		case requestLease:
			if a.Urgent {
				name += " urgent"
			}
			if a.Forced {
				name += " forced"
			}
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// TestTransitions is the specification of a collection: in which state which event leads to which state and actions.
func TestTransitions(t *testing.T) {
	t.Parallel()
	one, three, changing := alone(), together(true, 1), alone()
	changing.reportsChanges, changing.settings.FullEvery = true, time.Hour
	cut := func(seconds, rank int) *rules { // the shared store is away since then
		r := together(false, rank)
		r.membership.Since = at(seconds)
		return r
	}
	pause := func(kind connectors.ErrorKind, seconds int) connectors.Error {
		return connectors.Error{Kind: kind, RetryAfter: time.Duration(seconds) * time.Second}
	}
	down := connectors.Error{Kind: connectors.KindUnavailable}
	begun := func(r *rules) collectionState { return after(r, 0, ticked{}) }
	full := func(r *rules) collectionState { return after(r, 0, ticked{}, 1, complete(teams("1", "2", "3"))) }
	broken := func(r *rules) collectionState { return after(r, 0, ticked{}, 1, failed(down)) }
	large := after(one, 0, ticked{}, 1, complete(many(100)))
	stateless := after(changing, 0, ticked{}, 1, fetched{outcome{fetchResult: fetchResult{records: teams("1", "2"), complete: true}}})
	begunChanges := after(changing, 0, ticked{}, 1, complete(many(100)), 60, ticked{})
	hundred := ids(100)
	heldChanges := after(changing, 0, ticked{}, 1, complete(many(100)), 60, ticked{}, 61, changed(begunChanges, teams(), hundred[:40]...))
	held := after(one, 0, ticked{}, 1, complete(many(100)), 60, ticked{}, 61, complete(many(10)))
	granted := leaseAnswered{granted: true, info: &Info{}}
	leased := after(three, 0, ticked{}, 0, granted)
	stored := func(r *rules) collectionState {
		return after(r, 0, ticked{}, 0, granted, 1, complete(teams("1", "2", "3")), 1, saved{meta: Meta{Stamp: 7}})
	}
	info := func(stamp int64, began int, whole bool) *Info {
		return &Info{Meta: Meta{Stamp: stamp, FetchedAt: at(began), Since: at(began), Full: at(began), Complete: whole, Count: 4, Version: fmt.Sprint("v", stamp)}, TriedAt: at(began)}
	}
	newer := info(8, 50, true)
	elsewhere := info(7, 0, true) // another replica fetches now
	elsewhere.Fetching, elsewhere.TriedAt = true, at(55)
	lost := &Info{}
	theirs := info(7, 0, true) // another replica's attempt has failed
	theirs.TriedAt, theirs.Failure = at(60), Failure{Err: &down, RetryAt: at(90), NotBefore: at(70), InARow: 1}
	taking := after(three, 0, statted{newer})
	asking := func(r *rules, s collectionState) collectionState { // after full data
		s, _ = r.transition(s, ticked{}, at(60))
		return s
	}
	joining, _ := three.transition(asking(three, stored(three)), leaseAnswered{info: elsewhere}, at(60))

	tests := map[string]struct {
		rules *rules
		given collectionState
		at    int
		event event
		want  string
		do    string
		next  [2]int // between which times the next fetch is due; zero if that does not matter
	}{
		"a start fetches":                                  {one, newState(1, 2), 0, ticked{}, "fetching, missing", "fetch all", [2]int{}},
		"a start waits for its turn":                       {one, turning(at(2)), 0, ticked{}, "idle, missing", "", [2]int{}},
		"its turn has come":                                {one, turning(at(2)), 1, previousTried{}, "fetching, missing", "fetch all", [2]int{}},
		"the previous collection takes too long":           {one, turning(at(2)), 2, ticked{}, "fetching, missing", "fetch all", [2]int{}},
		"what is asked for needs no turn":                  {one, turning(at(2)), 1, asked{wanted: true}, "fetching, missing", "fetch all", [2]int{}},
		"a report does not end the wait for a turn":        {one, turning(at(2)), 1, asked{outdated: at(1)}, "idle, missing", "", [2]int{}},
		"a start without a caller waits":                   {one, newState(1, 2), 601, ticked{}, "idle, missing", "", [2]int{}},
		"a fetch ends complete":                            {one, begun(one), 1, complete(teams("1", "2")), "idle, fresh 2", "endFetch wakeCallers notify", [2]int{60, 60}},
		"a slow fetch is repeated less often":              {one, begun(one), 100, complete(teams("1")), "idle, fresh 1", "endFetch wakeCallers notify", [2]int{400, 400}},
		"an empty collection is complete":                  {one, begun(one), 1, complete(teams()), "idle, fresh 0", "endFetch wakeCallers notify", [2]int{60, 60}},
		"a first fetch fails":                              {one, begun(one), 1, failed(down), "idle, missing, unavailable, 1 failures", "endFetch wakeCallers notify", [2]int{11, 21}},
		"a first fetch fails midway":                       {one, begun(one), 1, failed(down, "1"), "idle, incomplete 1, unavailable, 1 failures", "endFetch wakeCallers notify", [2]int{11, 21}},
		"a second failure doubles the pause":               {one, after(one, 0, ticked{}, 1, failed(down), 21, ticked{}), 22, failed(down), "idle, missing, unavailable, 2 failures", "endFetch wakeCallers", [2]int{42, 62}},
		"a refused credential is tried rarely":             {one, begun(one), 1, failed(pause(connectors.KindUnauthorized, 0)), "idle, missing, unauthorized, 1 failures", "endFetch wakeCallers notify", [2]int{301, 601}},
		"a source asks for a pause":                        {one, begun(one), 1, failed(pause(connectors.KindRateLimited, 90)), "idle, missing, rate limited, 1 failures", "endFetch wakeCallers notify", [2]int{91, 91}},
		"a first fetch ends short":                         {one, begun(one), 1, partial("1"), "idle, incomplete 1, 1 failures", "endFetch wakeCallers notify", [2]int{11, 21}},
		"progress is published after a second":             {one, after(one, 0, ticked{}, 0, progressed{fetchResult{records: teams("1")}}), 1, ticked{}, "fetching, incomplete 1", "notify", [2]int{}},
		"progress waits for a second":                      {one, begun(one), 0, progressed{fetchResult{records: teams("1")}}, "fetching, missing", "", [2]int{}},
		"progress after the end of its fetch is ignored":   {one, full(one), 10, progressed{fetchResult{records: teams("1")}}, "idle, fresh 3", "", [2]int{60, 60}},
		"data is fetched again":                            {one, full(one), 60, ticked{}, "fetching, fresh 3", "fetch all", [2]int{}},
		"data is not fetched too early":                    {one, full(one), 59, ticked{}, "idle, fresh 3", "", [2]int{60, 60}},
		"nobody has asked for long":                        {one, full(one), 601, ticked{}, "idle, stale 3", "notify", [2]int{60, 60}},
		"a later fetch fails":                              {one, after(one, 0, ticked{}, 1, complete(teams("1")), 60, ticked{}), 61, failed(down), "idle, stale 1, unavailable, 1 failures", "endFetch wakeCallers notify", [2]int{71, 81}},
		"a later fetch ends short: nothing is deleted":     {one, after(one, 0, ticked{}, 1, complete(teams("1", "2")), 60, ticked{}), 61, partial("3"), "idle, incomplete 3, 1 failures", "endFetch wakeCallers notify", [2]int{71, 81}},
		"a later fetch is complete: what it lacks is gone": {one, after(one, 0, ticked{}, 1, complete(teams("1", "2")), 60, ticked{}), 61, complete(teams("2")), "idle, fresh 1", "endFetch wakeCallers notify", [2]int{120, 120}},
		"nothing has changed":                              {one, after(one, 0, ticked{}, 1, complete(teams("1", "2")), 60, ticked{}), 61, complete(teams("2", "1")), "idle, fresh 2", "endFetch wakeCallers", [2]int{120, 120}},
		"keep_for has passed":                              {one, aged(one), 3600, ticked{}, "idle, missing, unavailable, 1 failures", "notify", [2]int{}},
		"only changes are fetched":                         {changing, full(changing), 60, ticked{}, "fetching, fresh 3", "fetch changes", [2]int{}},
		"a source without a state is fetched in full":      {changing, stateless, 60, ticked{}, "fetching, fresh 2", "fetch all", [2]int{}},
		"changes remove a record, and add one":             {changing, begunChanges, 61, changed(begunChanges, teams("new"), hundred[0], "unknown"), "idle, fresh 100", "endFetch wakeCallers notify", [2]int{120, 120}},
		"changes remove a record and nothing else":         {changing, begunChanges, 61, changed(begunChanges, teams(), hundred[0]), "idle, fresh 99", "endFetch wakeCallers notify", [2]int{120, 120}},
		"what is removed and among the records stays":      {changing, begunChanges, 61, changed(begunChanges, teams(hundred[0]), hundred[0]), "idle, fresh 100", "endFetch wakeCallers", [2]int{120, 120}},
		"changes remove unknown records only":              {changing, begunChanges, 61, changed(begunChanges, teams(), "x", "y"), "idle, fresh 100", "endFetch wakeCallers", [2]int{120, 120}},
		"a full fetch is due":                              {changing, full(changing), 3600, asked{since: at(3600)}, "fetching, missing", "notify fetch all", [2]int{}},

		"a refresh fetches":                             {one, full(one), 20, asked{since: at(20)}, "fetching, fresh 3", "fetch all", [2]int{}},
		"a refresh waits for min_interval":              {one, full(one), 5, asked{since: at(5)}, "idle, fresh 3", "", [2]int{60, 60}},
		"min_interval of a refresh has passed":          {one, after(one, 0, ticked{}, 1, complete(teams("1")), 5, asked{since: at(5)}), 10, ticked{}, "fetching, fresh 1", "fetch all", [2]int{}},
		"a requirement that the last fetch meets":       {one, full(one), 20, asked{since: t0}, "idle, fresh 3", "", [2]int{60, 60}},
		"a refresh after a failure fetches":             {one, broken(one), 10, asked{since: at(10)}, "fetching, missing, unavailable, 1 failures", "fetch all", [2]int{}},
		"a refresh does not end the source's pause":     {one, after(one, 0, ticked{}, 1, failed(pause(connectors.KindRateLimited, 90))), 20, asked{since: at(20)}, "idle, missing, rate limited, 1 failures", "", [2]int{91, 91}},
		"force ends the source's pause":                 {one, after(one, 0, ticked{}, 1, failed(pause(connectors.KindRateLimited, 90))), 20, asked{since: at(20), force: true}, "fetching, missing, rate limited, 1 failures", "fetch all", [2]int{}},
		"a requirement during a fetch starts no second": {one, begun(one), 1, asked{since: at(1)}, "fetching, missing", "", [2]int{}},

		"a large loss is held back":         {one, begunAt(one, large, 60), 61, complete(many(10)), "idle, stale 100, suspicious loss", "endFetch wakeCallers notify", [2]int{120, 120}},
		"a small loss is accepted":          {one, begunAt(one, large, 60), 61, complete(many(81)), "idle, fresh 81", "endFetch wakeCallers notify", [2]int{120, 120}},
		"a held-back loss lasts":            {one, begunAt(one, held, 120), 121, complete(many(10)), "idle, stale 100, suspicious loss", "endFetch wakeCallers", [2]int{180, 180}},
		"the records are there again":       {one, begunAt(one, held, 120), 121, complete(many(100)), "idle, fresh 100", "endFetch wakeCallers notify", [2]int{180, 180}},
		"a loss is accepted after a while":  {one, begunAt(one, held, 1860), 1861, complete(many(10)), "idle, fresh 10", "endFetch wakeCallers notify", [2]int{1920, 1920}},
		"an operator accepts the loss":      {one, held, 70, asked{accept: true}, "fetching, stale 100, suspicious loss", "fetch all", [2]int{}},
		"the accepted loss":                 {one, begunAt(one, accepting(one, held), 70), 71, complete(many(10)), "idle, fresh 10", "endFetch wakeCallers notify", [2]int{130, 130}},
		"an acceptance ends with a failure": {one, begunAt(one, accepting(one, held), 70), 71, failed(down), "idle, stale 100, unavailable, 1 failures", "endFetch wakeCallers notify", [2]int{81, 91}},

		"changes that remove many are held back":   {changing, begunChanges, 101, changed(begunChanges, teams("new"), hundred[:40]...), "idle, stale 100, suspicious loss", "endFetch wakeCallers notify", [2]int{224, 224}},
		"they are fetched again, from their state": {changing, heldChanges, 120, ticked{}, "fetching, stale 100, suspicious loss", "fetch changes", [2]int{}},
		"the loss among the changes lasts":         {changing, begunAt(changing, heldChanges, 120), 121, changed(heldChanges, teams(), hundred[:40]...), "idle, stale 100, suspicious loss", "endFetch wakeCallers", [2]int{180, 180}},
		"after a while, a full fetch is due":       {changing, heldChanges, 1860, asked{since: at(1860)}, "fetching, stale 100, suspicious loss", "fetch all", [2]int{}},
		"the full fetch shows the same loss":       {changing, begunAt(changing, heldChanges, 1860), 1861, complete(many(60)), "idle, fresh 60", "endFetch wakeCallers notify", [2]int{1920, 1920}},
		"an accepted loss needs a full fetch":      {changing, heldChanges, 70, asked{accept: true}, "fetching, stale 100, suspicious loss", "fetch all", [2]int{}},
		"which also follows changes in progress":   {changing, accepting(changing, begunChanges), 70, changed(begunChanges, teams(), hundred[:40]...), "fetching, stale 100, suspicious loss", "endFetch wakeCallers notify fetch all", [2]int{}},

		"a stop ends":                                {one, full(one), 20, stopped{}, "over, fresh 3", "wakeCallers", [2]int{60, 60}},
		"a stop waits for the fetch":                 {one, begun(one), 1, stopped{}, "fetching, missing", "", [2]int{}},
		"an interrupted fetch has not failed":        {one, stopping(one, begun(one)), 2, failed(down, "1"), "over, missing", "endFetch wakeCallers", [2]int{}},
		"a fetch that was complete at the stop":      {one, stopping(one, begun(one)), 2, complete(teams("1")), "over, fresh 1", "endFetch wakeCallers notify wakeCallers", [2]int{60, 60}},
		"a stop releases the lease":                  {three, stopping(three, leased), 2, failed(down), "over, missing", "endFetch release wakeCallers", [2]int{}},
		"a stop while the lease is requested":        {three, stopping(three, after(three, 0, ticked{})), 1, granted, "over, missing", "release wakeCallers", [2]int{}},
		"a stop while another replica fetches":       {three, joining, 61, stopped{}, "over, fresh 3", "wakeCallers", [2]int{}},
		"nothing follows a stop":                     {one, stopping(one, full(one)), 100, asked{since: at(100)}, "over, fresh 3", "", [2]int{}},
		"with a shared store, a lease comes first":   {three, newState(1, 2), 0, ticked{}, "asking, missing", "requestLease", [2]int{}},
		"a refresh requests the lease urgently":      {three, stored(three), 20, asked{since: at(20)}, "asking, fresh 3", "requestLease urgent", [2]int{}},
		"force requests it in spite of a failure":    {three, stored(three), 20, asked{since: at(20), force: true}, "asking, fresh 3", "requestLease urgent forced", [2]int{}},
		"the lease is granted":                       {three, asking(three, stored(three)), 60, granted, "fetching, fresh 3", "fetch all", [2]int{}},
		"another replica fetches":                    {three, asking(three, stored(three)), 60, leaseAnswered{info: elsewhere}, "joining, fresh 3", "", [2]int{}},
		"another replica has fetched":                {three, asking(three, stored(three)), 60, leaseAnswered{info: newer}, "taking, fresh 3", "take", [2]int{}},
		"the last attempt was too recent":            {three, asking(three, stored(three)), 60, leaseAnswered{info: &Info{TriedAt: at(55)}}, "idle, fresh 3", "wakeCallers", [2]int{65, 65}},
		"another replica has failed":                 {three, asking(three, stored(three)), 61, leaseAnswered{info: theirs}, "idle, stale 3, unavailable, 1 failures", "wakeCallers wakeCallers notify", [2]int{90, 90}},
		"what the store has is no improvement":       {three, asking(three, stored(three)), 60, leaseAnswered{info: info(8, 50, false)}, "asking, fresh 3", "requestLease", [2]int{}},
		"a call of the store fails":                  {three, asking(three, stored(three)), 60, leaseAnswered{info: &Info{}, err: errors.New("no")}, "idle, fresh 3", "", [2]int{}},
		"the store is away: not this replica's turn": {cut(0, 1), asking(three, stored(three)), 60, leaseAnswered{info: &Info{}, err: errors.New("no")}, "idle, fresh 3", "wakeCallers", [2]int{120, 120}},
		"the store is away: this replica's turn":     {cut(0, 0), asking(three, stored(three)), 60, leaseAnswered{info: &Info{}, err: errors.New("no")}, "fetching, fresh 3", "fetch all", [2]int{}},
		"the store is back: others may have fetched": {back(55), stored(three), 60, ticked{}, "idle, fresh 3", "wakeCallers", [2]int{65, 65}},
		"the lease is lost":                          {three, after(three, 0, ticked{}, 0, granted, 1, complete(teams("1"))), 1, saved{err: ErrSuperseded, catchUp: true}, "idle, fresh 1", "stat", [2]int{60, 60}},
		"a fetch is stored":                          {three, leased, 1, complete(teams("1")), "saving, fresh 1", "endFetch wakeCallers save release notify", [2]int{60, 60}},
		"a failure is stored":                        {three, leased, 1, failed(down), "idle, missing, unavailable, 1 failures", "endFetch wakeCallers fail release notify", [2]int{11, 21}},
		"a short fetch is stored, and fails":         {three, leased, 1, partial("1"), "saving, incomplete 1, 1 failures", "endFetch wakeCallers save fail release notify", [2]int{11, 21}},
		"progress of a long first fetch is stored":   {three, leased, 6, progressed{fetchResult{records: teams("1")}}, "fetching, incomplete 1", "saveProgress notify", [2]int{}},
		"another replica's fetch has ended":          {three, joining, 62, statted{newer}, "taking, fresh 3", "take", [2]int{}},
		"a report does not end the wait for it":      {three, joining, 61, asked{outdated: at(61)}, "joining, fresh 3", "", [2]int{}},
		"a refresh does, with the lease":             {three, joining, 61, asked{since: at(61)}, "asking, fresh 3", "requestLease urgent", [2]int{}},
		"another replica may have died":              {three, joining, 64, ticked{}, "asking, fresh 3", "requestLease", [2]int{}},
		"a stored snapshot arrives":                  {three, taking, 51, taken{info: newer, snap: newer.snapshot(three.key, teams("1", "2", "3", "4"), 9)}, "idle, fresh 4", "wakeCallers notify", [2]int{110, 110}},
		"a stored snapshot is damaged":               {three, taking, 51, taken{info: newer, damaged: true}, "asking, missing", "requestLease", [2]int{}},
		"a stored snapshot cannot be read now":       {three, taking, 51, taken{info: newer}, "idle, missing", "", [2]int{}},
		"the store has newer data":                   {three, stored(three), 55, statted{newer}, "taking, fresh 3", "take", [2]int{}},
		"nobody wants the newer data":                {three, stored(three), 700, statted{newer}, "idle, stale 3", "notify", [2]int{}},
		"the store has an incomplete snapshot":       {three, stored(three), 55, statted{info(8, 50, false)}, "idle, fresh 3", "", [2]int{60, 60}},
		"the store knows of a failure":               {three, stored(three), 61, statted{theirs}, "idle, stale 3, unavailable, 1 failures", "wakeCallers notify", [2]int{90, 90}},
		"the cache was cleared":                      {three, stored(three), 20, statted{lost}, "saving, fresh 3", "offer", [2]int{60, 60}},
		"a stat during a fetch waits":                {three, leased, 1, statted{newer}, "fetching, missing", "", [2]int{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, actions := tt.rules.transition(tt.given, tt.event, at(tt.at))
			if diff := cmp.Diff(tt.want+" | "+tt.do, brief(tt.rules, &got, at(tt.at))+" | "+doing(actions)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if due := int(got.next.Sub(t0).Seconds()); tt.next != [2]int{} && (due < tt.next[0] || due > tt.next[1]) {
				t.Errorf("the next fetch is due at %d s, want %v", due, tt.next)
			}
		})
	}
}

// turning is a start that waits for the source's previous collection.
func turning(until time.Time) collectionState {
	s := newState(1, 2)
	s.turn = until
	return s
}

// begunAt returns the state after a required fetch has begun.
func begunAt(r *rules, s collectionState, seconds int) collectionState {
	s, _ = r.transition(s, asked{since: at(seconds)}, at(seconds))
	return s
}

// accepting returns the state after an operator has accepted the loss, which is too early for a fetch.
func accepting(r *rules, s collectionState) collectionState {
	s, _ = r.transition(s, asked{accept: true}, at(62))
	return s
}

// aged is a state with data whose source has failed since.
func aged(r *rules) collectionState {
	return after(r, 0, ticked{}, 1, complete(teams("1")), 60, ticked{}, 61, failed(connectors.Error{Kind: connectors.KindUnavailable}))
}

// stopping returns the state after a stop.
func stopping(r *rules, s collectionState) collectionState {
	s, _ = r.transition(s, stopped{}, at(1))
	return s
}

// back are the rules after the shared store has come back.
func back(seconds int) *rules {
	r := together(true, 1)
	r.membership.Since = at(seconds)
	return r
}
