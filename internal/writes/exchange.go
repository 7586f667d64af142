package writes

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// stored is the overlay as it lies in the store: a line with its head, and one with each entry. Entries are encoded once and read once: there may be
// thousands, and each write exchanges them all.
type stored struct {
	head
	entries []*shown
}

type head struct {
	// Seq is raised with each record that is put there. It is no lower than the clock, so that a store that has lost its data does not count again
	// what replicas have acknowledged already.
	Seq uint64 `json:"seq"`
	// Past are the numbers before, the latest last: who has another one knows that the store has lost what that stood for.
	Past []uint64 `json:"past,omitempty"`
}

// maxPast is how many numbers are kept. Who is further behind gives again what it knows and the store does not have, which readings settle.
const maxPast = 100

// after gives the head of what is put in the place of this.
func (h head) after() head {
	return head{
		Seq:  max(h.Seq+1, uint64(time.Now().UnixMicro())),
		Past: append(slices.Clone(h.Past[max(0, len(h.Past)-maxPast+1):]), h.Seq),
	}
}

// lacks says that the store was in that state once, and has lost it.
func (h head) lacks(seq uint64) bool {
	return seq != 0 && seq != h.Seq && !slices.Contains(h.Past, seq)
}

func (s *stored) encode() ([]byte, error) {
	first, err := json.Marshal(s.head)
	if err != nil {
		return nil, err
	}
	lines := append(make([][]byte, 0, len(s.entries)+1), first)
	for _, e := range s.entries {
		if e.line == nil {
			if e.line, err = json.Marshal(e); err != nil {
				return nil, err
			}
		}
		lines = append(lines, e.line)
	}
	return bytes.Join(lines, []byte{'\n'}), nil
}

// decode reads what lies in the store. Of what was there before, the entries are the same. What nobody can read is as good as nothing.
func decode(value []byte, before *stored) (s stored) {
	known := make(map[string]*shown, len(before.entries))
	for _, e := range before.entries {
		known[string(e.line)] = e
	}
	first, rest, _ := bytes.Cut(value, []byte{'\n'})
	if json.Unmarshal(first, &s.head) != nil {
		return stored{}
	}
	for line := range bytes.SplitSeq(rest, []byte{'\n'}) {
		e := known[string(line)]
		if e == nil {
			e = &shown{line: bytes.Clone(line)} // or each entry would keep all that came with it
			if json.Unmarshal(line, e) != nil {
				continue
			}
		}
		s.entries = append(s.entries, e)
	}
	return s
}

// show has all replicas show what was made, also where the write's own time is over. Where they cannot be told at once, this one shows it, and goes on
// trying to tell; it is false then.
func (l *Ledger) show(ctx context.Context, e *shown) bool {
	l.overlay.put(e)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	if err := l.exchange(ctx); err != nil {
		l.log.WarnContext(ctx, "what was made is not shown by other replicas yet")
		return false
	}
	return true
}

// exchange takes up what other replicas show, and gives them what this one does. What this one knows to be settled, it takes away: whoever starts
// now begins with the list that settled it or a later one.
func (l *Ledger) exchange(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		held, err := l.store.Get(ctx, OverlayName)
		if err != nil {
			return err
		}
		if held.Token == "" || held.Token != l.token {
			l.stored, l.token = decode(held.Value, &l.stored), held.Token
		}
		next, mine := l.overlay.merge(&l.stored, l.keepFor)
		if next == nil {
			return nil
		}
		value, err := next.encode()
		if err != nil {
			return err
		}
		now, ok, err := l.store.Put(ctx, OverlayName, held, value, l.showFor+l.keepFor)
		if err != nil {
			return err
		}
		if ok {
			l.token, l.stored = now.Token, *next
			l.overlay.told(mine, next.Seq)
			return nil
		}
	}
}

// seenFor is how long the others are still told of what one replica knows to be settled: longer than any of them takes its own data for recent.
const seenFor = 6 * recent

// merge takes up what is stored, and gives what should be, and what of that is new there; nil where all is well.
func (o *overlay) merge(was *stored, keep time.Duration) (next *stored, mine []*shown) {
	o.mu.Lock()
	defer o.mu.Unlock()
	there, kept := make(map[string]bool, len(was.entries)), make([]*shown, 0, len(was.entries)+1)
	for _, e := range was.entries {
		key := e.key()
		own := o.entries[key]
		if own != nil && o.mine[key] && e.Until.Before(own.Until) {
			continue // made anew
		}
		there[key] = true
		if e.over(keep) {
			continue
		}
		if own == nil || own.Until.Before(e.Until) {
			own = e.alone()
			o.set(own)
		}
		if delete(o.mine, key); own.at == 0 {
			own.at = was.Seq
		}
		if !own.done() {
			kept = append(kept, e)
		}
	}
	lost := was.lacks(o.merged)
	for key, e := range o.entries {
		switch {
		case there[key] || e.removed || e.over(keep):
		case o.mine[key] || lost && !e.done():
			o.mine[key] = true
			mine = append(mine, e.alone())
		default: // by a replica that has known for that long what became of it
			e.removed = true
			e.settle(time.Now().Add(-seenFor))
		}
	}
	o.reach(was.Seq)
	if len(mine) == 0 && len(kept) == len(was.entries) {
		return nil, nil
	}
	next = &stored{was.head, append(kept, mine...)}
	if len(mine) > 0 {
		next.head = was.after()
	}
	return next, mine
}

// done says that others need not be told of it any more.
func (s *shown) done() bool { return !s.settled.IsZero() && time.Since(s.settled) > seenFor }

// reach takes note of a state of the store that this process has now, which is published from here on.
func (o *overlay) reach(seq uint64) {
	if o.merged != seq {
		o.merged = seq
		o.tell()
	}
}

// told takes note that the store has them.
func (o *overlay) told(mine []*shown, seq uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range mine {
		key := e.key()
		if own := o.entries[key]; own != nil && own.Until.Equal(e.Until) {
			own.at = seq
			delete(o.mine, key)
		}
	}
	o.reach(seq)
}

// deafLook and lookEvery are how often the store is looked at without being told: where announcements cannot come, and where they may be lost.
const (
	deafLook  = 500 * time.Millisecond
	lookEvery = 5 * time.Second
)

// Run follows what other replicas make, until ctx ends.
func (l *Ledger) Run(ctx context.Context) {
	var parts sync.WaitGroup
	defer parts.Wait()
	if l.sharing != nil {
		parts.Go(func() { l.acknowledge(ctx) })
		parts.Go(func() { l.audience.watch(ctx, l.sharing) })
	}
	for {
		l.overlay.prune(l.keepFor)
		_ = l.exchange(ctx) // it is tried again
		l.taken()
		every := lookEvery
		if l.sharing != nil && l.sharing.PublishDenied() {
			every = deafLook
		}
		look := time.NewTimer(every)
		select {
		case <-look.C:
		case <-l.store.Changed():
		case <-ctx.Done():
			look.Stop()
			return
		}
		look.Stop()
	}
}

// AwaitFirst waits until a ledger that runs has taken up what the store holds, or tried in vain. It is false when ctx ends before.
func (l *Ledger) AwaitFirst(ctx context.Context) bool {
	select {
	case <-l.first:
		return true
	case <-ctx.Done():
		return false
	}
}
