package snapshot

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// storeWithin bounds the time to store a snapshot, and closeWithin the part of it after the program has begun to close.
	storeWithin = time.Minute
	closeWithin = 5 * time.Second
)

// store stores the result of a fetch that had a lease.
func (c *collection) store(ctx context.Context, lease Lease, o outcome) {
	ctx, cancel := storing(ctx)
	defer cancel()
	v := c.view.Load()
	if snap := v.snap; snap != nil && snap.Began().Equal(v.started) {
		stored := c.stored(v)
		c.have = 0 // our present data is not from the shared store
		switch stamp, err := lease.Save(ctx, stored); {
		case errors.Is(err, ErrSuperseded):
			// This replica stood still for too long, and another has fetched after it; or our data is incomplete, and the other replica's
			// is complete.
			if o.complete {
				c.catchUp(ctx)
			}
		case err == nil:
			c.hasStored(stamp, &stored)
			c.logStoring(ctx, nil)
		default:
			c.logStoring(ctx, err)
		}
	}
	if !o.complete && o.loss == nil { // a held-back loss is stored with the snapshot
		//nolint:errcheck // if Fail fails, the other replicas find out by themselves
		lease.Fail(ctx, Failure{Err: o.err, RetryAt: v.next, Floor: v.floor, InARow: c.failures})
	}
}

// catchUp stats this collection alone.
func (c *collection) catchUp(ctx context.Context) {
	if marks, err := c.keeper.tier.Stat(ctx, []Item{c.item}); err == nil && c.better(&marks[0]) {
		c.adopt(ctx, &marks[0])
	}
}

// offer writes our data to the shared store.
func (c *collection) offer(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	stored := c.stored(c.view.Load())
	switch stamp, err := c.keeper.tier.Put(ctx, stored); {
	case err == nil:
		c.hasStored(stamp, &stored)
		c.logStoring(ctx, nil)
	case !errors.Is(err, ErrSuperseded):
		c.logStoring(ctx, err)
	}
}

// storing returns a context for storing a fetch. It outlives the program's context by a short time, because other replicas can use the
// data.
func storing(ctx context.Context) (context.Context, context.CancelFunc) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	stop := context.AfterFunc(ctx, func() {
		soon := time.NewTimer(closeWithin)
		defer soon.Stop()
		select {
		case <-soon.C:
			cancel()
		case <-bounded.Done():
		}
	})
	return bounded, func() {
		stop()
		cancel()
	}
}

// logStoring logs when the shared store begins to refuse our data, and when it accepts the data again. The store itself logs that it is
// unavailable.
func (c *collection) logStoring(ctx context.Context, err error) {
	if err != nil && !c.keeper.tier.Membership().Connected || (err != nil) == c.unstored {
		return
	}
	c.unstored = err != nil
	log := c.keeper.log.With(slog.String("source", c.key.Source), slog.String("collection", c.key.Collection.String()))
	if err == nil {
		log.LogAttrs(ctx, slog.LevelInfo, "what is read can be stored again")
		return
	}
	log.LogAttrs(ctx, slog.LevelWarn, "what is read cannot be stored: it is in memory only", slog.String("reason", err.Error()))
}

// hasStored records that the shared store has our data.
func (c *collection) hasStored(stamp int64, s *Stored) {
	c.have, c.alone, c.damaged = stamp, false, false
	c.counts.stored.Add(1)
	there := Info{Meta: s.Meta}
	there.Stamp, there.Bytes = stamp, c.encoded
	if was := c.there.Load(); there.Bytes == 0 && was != nil && was.Version == s.Version {
		there.Bytes = was.Bytes
	}
	c.there.Store(&there)
}

func (c *collection) stored(v *view) Stored {
	snap := v.snap
	c.encoded = 0
	return Stored{
		Item: c.item, KeepFor: c.expires(snap.ReadAt, snap.Loss, v).Sub(snap.ReadAt), Rewrite: c.damaged,
		Meta: Meta{ReadAt: snap.ReadAt, Since: snap.OldestAt, Full: snap.FullAt, Version: snap.Version, Complete: snap.Complete, Expected: snap.Expected,
			Anomalies: snap.Anomalies, Took: v.took, Loss: snap.Loss, Count: snap.Records.Len()},
		Encode: func() ([][]byte, error) {
			parts, err := c.kind.encode(snap.Records)
			c.encoded = PartsSize(parts)
			return parts, err
		},
	}
}
