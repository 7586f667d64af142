package writes

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// stored is the overlay as the store has it: one line with the head, and one line for each entry. Each entry is encoded once and decoded once, because
// there may be thousands, and each write exchanges all of them.
type stored struct {
	head
	entries []*shown
}

type head struct {
	// Seq increases with each record that is stored. It is never lower than the clock: a store that has lost its data does not reuse numbers that
	// replicas have acknowledged already.
	Seq uint64 `json:"seq"`
	// Past are the earlier numbers, the latest last. If a replica has a number that is not among them, the store has lost the state with that number.
	Past []uint64 `json:"past,omitempty"`
}

// maxPast is how many earlier numbers are kept. A replica that is further behind stores again what it has and the store lacks; later fetches confirm
// those records.
const maxPast = 100

// after returns the head that replaces this one.
func (h head) after() head {
	return head{
		Seq:  max(h.Seq+1, uint64(time.Now().UnixMicro())),
		Past: append(slices.Clone(h.Past[max(0, len(h.Past)-maxPast+1):]), h.Seq),
	}
}

// lacks reports that the store once had that state and has lost it.
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
		if e.encoded == nil {
			if e.encoded, err = encodeEntry(e); err != nil {
				return nil, err
			}
		}
		lines = append(lines, e.encoded)
	}
	return bytes.Join(lines, []byte{'\n'}), nil
}

// decode decodes the stored value. It reuses the entries of the earlier value that have not changed. A value that cannot be read counts as empty.
func decode(value []byte, before *stored) (s stored) {
	known := make(map[string]*shown, len(before.entries))
	for _, e := range before.entries {
		known[string(e.encoded)] = e
	}
	first, rest, _ := bytes.Cut(value, []byte{'\n'})
	if json.Unmarshal(first, &s.head) != nil {
		return stored{}
	}
	for line := range bytes.SplitSeq(rest, []byte{'\n'}) {
		e := known[string(line)]
		if e == nil {
			var err error
			if e, err = decodeEntry(bytes.Clone(line)); err != nil { // a slice would keep the whole value in memory
				continue
			}
		}
		s.entries = append(s.entries, e)
	}
	return s
}

// show publishes a new record to all replicas, even if the write's own time is over. If the store cannot be reached, only this replica shows the
// record, show returns false, and Run retries.
func (l *Ledger) show(ctx context.Context, e *shown) bool {
	l.overlay.put(e)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	if err := l.exchange(ctx); err != nil {
		l.log.WarnContext(ctx, "a write could not be published to the other replicas yet; it is retried")
		return false
	}
	return true
}

// exchange merges the stored overlay with this replica's. It removes entries that this replica knows to be confirmed: a replica that starts now begins
// with the fetch that confirmed them, or with a later one.
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
			l.overlay.markStored(mine, next.Seq)
			return nil
		}
	}
}

// seenFor is how long a confirmed entry stays in the store for the other replicas: longer than any replica regards its own data as recent.
const seenFor = 6 * recent

// merge merges the stored entries into this replica's. It returns the value to store and the entries that are new in it; nil if the store needs no
// change.
func (o *overlay) merge(was *stored, keep time.Duration) (next *stored, mine []*shown) {
	o.mu.Lock()
	defer o.mu.Unlock()
	there, kept := make(map[string]bool, len(was.entries)), make([]*shown, 0, len(was.entries)+1)
	for _, e := range was.entries {
		key := e.key()
		own := o.entries[key]
		if own != nil && o.mine[key] && e.Until.Before(own.Until) {
			continue // created again
		}
		there[key] = true
		if e.expired(keep) {
			continue
		}
		if own == nil || own.Until.Before(e.Until) {
			own = e.storedCopy()
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
		case there[key] || e.removed || e.expired(keep):
		case o.mine[key] || lost && !e.done():
			o.mine[key] = true
			mine = append(mine, e.storedCopy())
		default: // removed by a replica that has known the result for that long
			e.removed = true
			e.confirm(time.Now().Add(-seenFor))
		}
	}
	o.setMerged(was.Seq)
	if len(mine) == 0 && len(kept) == len(was.entries) {
		return nil, nil
	}
	next = &stored{was.head, append(kept, mine...)}
	if len(mine) > 0 {
		next.head = was.after()
	}
	return next, mine
}

// done reports that the other replicas need the entry no longer.
func (s *shown) done() bool { return !s.confirmedAt.IsZero() && time.Since(s.confirmedAt) > seenFor }

// setMerged records the state of the store that this process has merged, and notifies the followers.
func (o *overlay) setMerged(seq uint64) {
	if o.merged != seq {
		o.merged = seq
		o.notify()
	}
}

// markStored records that the store has these entries.
func (o *overlay) markStored(mine []*shown, seq uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range mine {
		key := e.key()
		if own := o.entries[key]; own != nil && own.Until.Equal(e.Until) {
			own.at = seq
			delete(o.mine, key)
		}
	}
	o.setMerged(seq)
}

// pollWithoutNotices and pollInterval are how often the store is polled: if notifications cannot arrive, and if some may be lost.
const (
	pollWithoutNotices = 500 * time.Millisecond
	pollInterval       = 5 * time.Second
)

// Run merges what other replicas create, until ctx ends.
func (l *Ledger) Run(ctx context.Context) {
	var parts sync.WaitGroup
	defer parts.Wait()
	if l.sharing != nil {
		parts.Go(func() { l.acknowledge(ctx) })
		parts.Go(func() { l.acks.watch(ctx, l.sharing) })
	}
	for {
		l.overlay.prune(l.keepFor)
		_ = l.exchange(ctx) // the next round retries
		l.firstDone()
		every := pollInterval
		if l.sharing != nil && l.sharing.PublishDenied() {
			every = pollWithoutNotices
		}
		select {
		case <-time.After(every):
		case <-l.store.Changed():
		case <-ctx.Done():
			return
		}
	}
}

// AwaitFirst waits until a running ledger has merged the store's content, or has tried and failed. It returns false if ctx ends first.
func (l *Ledger) AwaitFirst(ctx context.Context) bool {
	select {
	case <-l.first:
		return true
	case <-ctx.Done():
		return false
	}
}
