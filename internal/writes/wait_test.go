package writes_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// awaitReading waits until the collection has been fetched once more.
func (w *world) awaitReading(c connectors.Collection) {
	w.t.Helper()
	key := snapshot.Key{Source: "ws", Collection: c}
	time.Sleep(time.Minute)
	w.keeper.Refresh(key)
	synctest.Wait()
}
