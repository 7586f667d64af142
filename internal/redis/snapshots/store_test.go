package snapshots_test

import (
	"testing"

	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

func TestTier(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(t *testing.T) redis.Options{
		"single": func(t *testing.T) redis.Options { t.Helper(); return redistest.At(redistest.Start(t)) },
		"encrypted": func(t *testing.T) redis.Options {
			t.Helper()
			opt := redistest.At(redistest.Start(t))
			opt.Key = []byte("01234567890123456789012345678901")
			return opt
		},
		"cluster": func(t *testing.T) redis.Options {
			t.Helper()
			return redis.Options{Addrs: redistest.StartCluster(t).Addrs()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			snapshottest.Contract(t, func(t *testing.T) (a, b snapshot.SharedStore) {
				t.Helper()
				opt := options(t)
				return open(t, opt), open(t, opt)
			})
		})
	}
}
