package localstore_test

import (
	"testing"

	"go.uber.org/goleak"

	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
	"roster/internal/snapshot/snapshottest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	snapshottest.Contract(t, func(*testing.T) (a, b snapshot.SharedStore) {
		s := localstore.New()
		return s.Join(), s.Join()
	})
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	snapshottest.Contract(t, func(t *testing.T) (a, b snapshot.SharedStore) {
		t.Helper()
		s, err := localstore.Open(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeStore(t, s) })
		return s.Join(), s.Join()
	})
}
