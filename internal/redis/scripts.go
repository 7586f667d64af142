package redis

import "github.com/redis/go-redis/v9"

// Prelude is the beginning of a script: it reads the clock, and has two functions. The keys of each script share one slot. Times are in microseconds by
// the clock of Redis. If a key holds a value of the wrong type, another program has written it, and typed deletes it.
const Prelude = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function int(n) return string.format('%.0f', n) end
local function typed(key, want)
  local is = redis.call('TYPE', key).ok
  if is ~= 'none' and is ~= want then redis.call('DEL', key) end
end
`

var (
	// heartbeatScript records a replica's heartbeat, and returns all live replicas. It uses INFO only to check that the user has the permission for
	// it, which the budgets need. Without this check, Redis would alternate between available and unavailable. KEYS: replicas. ARGV: the replica,
	// absent after.
	heartbeatScript = redis.NewScript(Prelude + `
redis.call('INFO', 'server')
typed(KEYS[1], 'zset')
redis.call('ZADD', KEYS[1], int(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', int(now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], 3600000)
return redis.call('ZRANGE', KEYS[1], 0, -1)`)
)
