package snapshots

import (
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
	"roster/internal/snapshot"
	"roster/internal/snapshot/manifest"
)

// believed returns the longest pause of an item's source that is trusted, in microseconds.
func believed(item snapshot.StoreKey) int64 { return redis.MaxPause(item.MaxPause).Microseconds() }

// answer is what the scripts return about an item.
type answer struct {
	outcome, manifest, lock, failure string
	now, tried, floor, retry, stamp  int64
}

func readAnswer(cmd *goredis.Cmd) (a answer, err error) {
	fields, err := cmd.StringSlice()
	if err != nil {
		return answer{}, err
	}
	if len(fields) != 9 {
		return answer{}, redis.ErrAnswer
	}
	a = answer{outcome: fields[0], manifest: fields[2], lock: fields[3], failure: fields[7]}
	for i, into := range map[int]*int64{1: &a.now, 4: &a.tried, 5: &a.floor, 6: &a.retry, 8: &a.stamp} {
		if *into, err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return answer{}, redis.ErrAnswer
		}
	}
	return a, nil
}

// mark translates an answer. At is when the request was sent.
func (s *Store) mark(item snapshot.StoreKey, a answer, at time.Time) snapshot.Info {
	clock := redis.Clock{Now: a.now, At: at}
	m := snapshot.Info{Meta: manifest.Read(s.client.Sealer(), item, []byte(a.manifest), clock.Local), Fetching: a.lock != "", TriedAt: clock.Past(a.tried)}
	if a.retry > a.now {
		m.Failure = manifest.ReadFailure([]byte(a.failure))
		m.Failure.RetryAt, m.Failure.NotBefore = clock.Future(a.retry), clock.Future(a.floor)
	}
	return m
}
