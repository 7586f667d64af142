// Package changes keeps the log of changes that replicas share in Redis.
//
//	changes:{log}:commits  the commits, as a stream; the ID of an entry is the position of its last change
//	changes:{log}:end      the log's ID, its bounds, and the state to which the last commit leads
//	changes:{log}:writer   the replica that writes; expires, and is renewed
//
// The keys share a slot. One script appends a commit and sets the end, and only if the replica is still the writer and the log still ends where it expects:
// so nobody sees half a commit, and commits of two writers do not mix. Positions are the time of Redis, and only grow. One script reads the commits, the end
// and whether there is a writer, so that they fit together. Redis can lose one of the keys alone, if it may evict keys: without the stream, the log goes on
// with its end, and what was before has expired; without the end, there is no log.
package changes

import (
	"context"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/changes"
	"roster/internal/redis"
	"roster/internal/redis/keyspace"
	"roster/internal/redis/lock"
)

const (
	// leaseFor is how long a writer that has gone keeps others from writing. It is shorter than that of fetches, because nothing is lost if another
	// replica takes over: it only compares.
	leaseFor = 6 * time.Second
	// margin is how much longer an unread log is kept than its last commit.
	margin = time.Hour
	// atOnce is the number of commits in one answer.
	atOnce = 16
	// bulkTimeout bounds a call that transfers commits.
	bulkTimeout = 10 * time.Second
)

// Log is a log of changes in Redis.
type Log struct {
	client *redis.Client
	told   <-chan struct{}
}

var _ changes.SharedLog = (*Log)(nil)

// New returns the log in Redis. Call it before the client runs.
func New(client *redis.Client) *Log { return &Log{client, client.Subscribe(redis.Told)} }

// Changed receives a value when another replica may have written a commit.
func (l *Log) Changed() <-chan struct{} { return l.told }

func (l *Log) keys() []string {
	base := l.client.Key("changes:{log}:")
	return []string{base + "commits", base + "end", base + "writer"}
}

// The seal of a commit and of a state covers the log, and the position after which the commit was appended.

func aboutCommit(id, after string) string { return "changes:" + id + ":commit:" + after }
func aboutState(id, after string) string  { return "changes:" + id + ":state:" + after }

// Read returns the commits after a position, and the end of the log.
func (l *Log) Read(ctx context.Context, id string, after uint64, bounds changes.Options) (*changes.Page, error) {
	var answer []any
	err := l.client.DoWithin(ctx, bulkTimeout, func(ctx context.Context) (err error) {
		answer, err = readScript.Run(ctx, l.client.Commands(), l.keys(), id, after, atOnce, bounds.Length, bounds.KeepFor.Microseconds(),
			(bounds.KeepFor + margin).Milliseconds()).Slice()
		return err
	})
	if err != nil {
		return nil, err
	}
	return l.page(answer)
}

// page reads the answer of readScript.
func (l *Log) page(answer []any) (*changes.Page, error) {
	const fields = 8
	if len(answer) != fields {
		return nil, redis.Describe(redis.ErrAnswer)
	}
	var texts [fields - 1]string
	for i := range texts {
		texts[i], _ = answer[i].(string)
	}
	p := &changes.Page{ID: texts[0], From: number(texts[1]), Cut: number(texts[2]), End: number(texts[3]), Written: texts[6] == "1"}
	if state, err := l.client.Sealer().Open([]byte(texts[5]), aboutState(p.ID, texts[4])); err == nil {
		p.State = state
	}
	entries, _ := answer[fields-1].([]any)
	for _, e := range entries {
		c, ok := l.commit(p.ID, e)
		if !ok {
			return nil, redis.Describe(redis.ErrAnswer)
		}
		p.Commits = append(p.Commits, c)
	}
	p.More = len(entries) == atOnce
	return p, nil
}

// commit reads an entry of the stream.
func (l *Log) commit(id string, entry any) (c changes.Commit, ok bool) {
	parts, _ := entry.([]any)
	if len(parts) != 2 {
		return c, false
	}
	name, _ := parts[0].(string)
	position, _, _ := strings.Cut(name, "-")
	c.At = number(position)
	values, _ := parts[1].([]any)
	of := make(map[string]string, len(values)/2)
	for i := 0; i+1 < len(values); i += 2 {
		key, _ := values[i].(string)
		of[key], _ = values[i+1].(string)
	}
	c.After, c.Count = number(of["after"]), int(min(number(of["n"]), mostChanges))
	if data, err := l.client.Sealer().Open([]byte(of["data"]), aboutCommit(id, of["after"])); err == nil {
		c.Data = data
	}
	return c, c.At > 0
}

// mostChanges is more than a commit has.
const mostChanges = 1 << 30

func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64) // zero if another program has written it, which is before everything
	return n
}

// Acquire makes this replica the writer, unless another one is.
func (l *Log) Acquire(ctx context.Context) (changes.Writer, error) {
	key, got := l.keys()[2], false
	err := l.client.Do(ctx, func(ctx context.Context) (err error) {
		got, err = l.client.Commands().SetNX(ctx, key, l.client.ID(), leaseFor).Result()
		return err
	})
	if err != nil || !got {
		return nil, err
	}
	return &writer{lock.HoldFor(l.client, key, leaseFor), l}, nil
}

// writer is the right to append.
type writer struct {
	*lock.Lock
	log *Log
}

// Append appends a commit.
func (w *writer) Append(ctx context.Context, a changes.Append) error {
	l, after := w.log, strconv.FormatUint(a.After, 10)
	data, state := l.client.Sealer().Seal(a.Data, aboutCommit(a.NewID, after)), l.client.Sealer().Seal(a.State, aboutState(a.NewID, after))
	var appended int
	err := l.client.DoWithin(ctx, bulkTimeout, func(ctx context.Context) (err error) {
		appended, err = appendScript.Run(ctx, l.client.Commands(), l.keys(), l.client.ID(), a.ID, after, a.NewID, a.Count, data, state,
			(a.Bounds.KeepFor + margin).Milliseconds(), a.Above).Int()
		return err
	})
	switch {
	case err != nil:
		return err
	case appended == 0:
		return changes.ErrMoved
	}
	l.client.Publish(ctx, redis.Told)
	return nil
}

// Clear removes the log: it has changes of all sources together, so it is removed also if only one is named. It returns the number of removed keys.
func (l *Log) Clear(ctx context.Context, _ string) (int, error) {
	keys := l.keys()
	return keyspace.Remove(ctx, l.client, keyspace.Escape(keys[0]), keyspace.Escape(keys[1]))
}

// whole begins the scripts of the log: if the stream is gone, or there was none, the log has no commits before its end. Then whoever has read them all goes on.
const whole = redis.Prelude + `
typed(KEYS[1], 'stream')
typed(KEYS[2], 'hash')
local end_ = redis.call('HMGET', KEYS[2], 'id', 'at')
local id, at = end_[1] or '', end_[2] or '0'
if id ~= '' and redis.call('XLEN', KEYS[1]) == 0 and redis.call('HGET', KEYS[2], 'cut') ~= at then
  redis.call('HSET', KEYS[2], 'from', at, 'cut', at, 'kept', 0)
end
`

var (
	// readScript drops what is beyond the bounds, and returns the log's ID and bounds, its state, whether there is a writer, and commits. KEYS: commits, end,
	// writer. ARGV: the known ID, the position after which to read, the number of commits, the most changes, their life in µs, the life of the log in ms.
	readScript = goredis.NewScript(whole + `
local written = redis.call('EXISTS', KEYS[3])
if id == '' then return {'', '0', '0', '0', '0', '', tostring(written), {}} end
local kept = tonumber(redis.call('HGET', KEYS[2], 'kept') or '0')
for _ = 1, 100 do
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if not oldest then break end
  local position, n = string.match(oldest[1], '^%d+'), tonumber(oldest[2][2])
  if kept - n < tonumber(ARGV[4]) and tonumber(position) > now - ARGV[5] then break end
  redis.call('XDEL', KEYS[1], oldest[1])
  kept = kept - n
  redis.call('HSET', KEYS[2], 'cut', position, 'kept', int(kept))
  if n > 0 then redis.call('HSET', KEYS[2], 'from', position) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
local after = '-'
if id == ARGV[1] then after = '(' .. ARGV[2] .. '-0' end
local got = redis.call('XRANGE', KEYS[1], after, '+', 'COUNT', ARGV[3])
local of = redis.call('HMGET', KEYS[2], 'from', 'cut', 'after', 'state')
return {id, of[1] or '0', of[2] or '0', at, of[3] or '0', of[4] or '', tostring(written), got}`)

	// appendScript appends a commit, and returns 1. It returns 0 if the replica is not the writer, or if the log has another ID or end. If the new ID differs,
	// the log begins anew. KEYS: commits, end, writer. ARGV: the replica, the ID and the end of the log, the new ID, the number of changes, the commit, the
	// state, the life of the log in ms, a position that was used.
	appendScript = goredis.NewScript(whole + `
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
if id ~= ARGV[2] or tonumber(at) ~= tonumber(ARGV[3]) then return 0 end
local first = math.max(at + 1, ARGV[9] + 1, now)
local last = first + math.max(tonumber(ARGV[5]), 1) - 1
if id ~= ARGV[4] then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'from', int(first - 1), 'cut', ARGV[3])
end
redis.call('XADD', KEYS[1], int(last) .. '-0', 'n', ARGV[5], 'after', ARGV[3], 'data', ARGV[6])
redis.call('HSET', KEYS[2], 'id', ARGV[4], 'at', int(last), 'after', ARGV[3], 'state', ARGV[7])
redis.call('HINCRBY', KEYS[2], 'kept', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[8])
redis.call('PEXPIRE', KEYS[2], ARGV[8])
return 1`)
)
