package snapshot

import (
	"context"
	"time"

	"roster/internal/backoff"
)

// lookEvery is the longest time between two stats of the shared store without a notification, because notifications may be lost.
const lookEvery = 30 * time.Second

// watch stats all collections in the shared store whenever it may have changed, and passes each result to its collection.
func (k *Keeper) watch(ctx context.Context) {
	items := make([]StoreKey, len(k.ordered))
	for i, c := range k.ordered {
		items[i] = c.item
	}
	for first := true; ; first = false {
		if infos, err := k.store.Stat(ctx, items); err == nil {
			for i, c := range k.ordered {
				c.mail.put(&infos[i])
				if !first || c.looked != k.looked { // a starting loop checks by itself, and takes its turn
					c.prompt()
				}
			}
		}
		if first {
			close(k.looked)
		}
		select {
		case <-time.After(backoff.Jitter(lookEvery)):
		case <-k.store.Changed():
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return
		}
	}
}
