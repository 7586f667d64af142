package snapshots

import (
	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
)

// common is the beginning of the scripts on an item. Their first keys are its manifest, its lock and its last fetch.
const common = redis.Prelude + `
typed(KEYS[1], 'string')
typed(KEYS[2], 'string')
typed(KEYS[3], 'hash')
local function parse(manifest)
  local stamp, complete = string.match(manifest, '^(%d+) ([01]) ')
  stamp = tonumber(stamp)
  if not stamp or stamp > now + 60000000 then return 0, '0' end
  return stamp, complete
end
local function until_(field)
  local at = tonumber(redis.call('HGET', KEYS[3], field) or '')
  if not at or at ~= at or at < 0 or at > now + 86400000000 then return 0 end -- nobody has stored more than a day
  return at
end
-- Earlier releases have stored pauses of a day, and a source's max_pause may have been lowered: none is longer than that, or than an hour where the
-- source blocks us.
local function wait_(field, believed)
  local at = until_(field)
  local blocked = string.find(redis.call('HGET', KEYS[3], 'failure') or '', '"blocked":true', 1, true)
  local most = now + (blocked and 3600000000 or tonumber(believed))
  if at > most then
    at = most
    redis.call('HSET', KEYS[3], field, int(at))
  end
  return at
end
local function past(field)
  local at = until_(field)
  if at > now + 60000000 then return 0 end
  return at
end
local manifest = redis.call('GET', KEYS[1]) or ''
local stamp, complete = parse(manifest)
local tried = past('tried')
local function mark(outcome, own, believed)
  return {outcome, int(now), manifest, redis.call('GET', KEYS[2]) or '', int(tried), int(wait_('floor', believed)), int(wait_('retry', believed)),
    redis.call('HGET', KEYS[3], 'failure') or '', int(own)}
end
`

// The first field of acquireScript's answer.
const (
	granted = "granted"
	refused = "refused"
)

var (
	// statScript returns the state of an item. ARGV: the longest pause that is trusted.
	statScript = goredis.NewScript(common + `return mark('seen', 0, ARGV[1])`)

	// acquireScript grants a lease, or returns the reason against it. A lock that the caller already has remains from a call whose answer was lost.
	// ARGV: the replica, lease in ms, have, max age, min interval, urgent (1) or forced (2), the longest pause that is trusted.
	acquireScript = goredis.NewScript(common + `
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return mark('refused', 0, ARGV[7]) end
if stamp > tonumber(ARGV[3]) and now - stamp < tonumber(ARGV[4]) then return mark('refused', stamp, ARGV[7]) end
if not holder then
  if tried + tonumber(ARGV[5]) > now then return mark('refused', 0, ARGV[7]) end
  local wait = wait_('retry', ARGV[7])
  if ARGV[6] == '1' then wait = wait_('floor', ARGV[7]) end
  if wait > now and ARGV[6] ~= '2' then return mark('refused', 0, ARGV[7]) end
end
local own = math.max(now, stamp + 1, tried + 1)
local answer = mark('granted', own, ARGV[7])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('HSET', KEYS[3], 'tried', int(own), 'floor', '0', 'retry', '0', 'failure', '')
redis.call('PEXPIRE', KEYS[3], 86400000)
return answer`)

	// saveScript replaces the stored manifest, unless the stored one is newer, or is complete and the new one is not. A manifest that the caller
	// could not read does not count. The script returns the manifest that was stored. ARGV: stamp, complete, manifest, life in ms, unreadable.
	saveScript = goredis.NewScript(common + `
local own = tonumber(ARGV[1])
if manifest ~= ARGV[5] and (stamp > own or (stamp > 0 and complete == '1' and ARGV[2] == '0')) then return {'refused', manifest} end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
if tried <= own then
  redis.call('HSET', KEYS[3], 'tried', ARGV[1])
  if ARGV[2] == '1' then redis.call('HSET', KEYS[3], 'floor', '0', 'retry', '0', 'failure', '') end
  redis.call('PEXPIRE', KEYS[3], 86400000)
end
return {'saved', manifest}`)

	// failScript records how the caller's fetch failed, unless another attempt has begun since. ARGV: stamp, floor and retry from now, failure.
	failScript = goredis.NewScript(common + `
if tried > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[3], 'tried', ARGV[1], 'floor', int(now + ARGV[2]), 'retry', int(now + ARGV[3]), 'failure', ARGV[4])
redis.call('PEXPIRE', KEYS[3], 86400000)
return 1`)

	// forgetScript deletes how the last fetch failed, and keeps when it began. KEYS: the last fetch.
	forgetScript = goredis.NewScript(`
if redis.call('TYPE', KEYS[1]).ok == 'hash' then redis.call('HSET', KEYS[1], 'floor', '0', 'retry', '0', 'failure', '') end
return 1`)
)
