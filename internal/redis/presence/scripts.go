package presence

import (
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/presence"
	"roster/internal/redis"
)

// prelude is the beginning of the scripts on a source's presence. Their first key is the state of the source's calls. Every value has a time
// limit, so that neither a foreign value nor a jump of the clock can block the calls permanently.
const prelude = redis.Prelude + `
typed(KEYS[1], 'hash')
local function num(field, ahead)
  local n = tonumber(redis.call('HGET', KEYS[1], field) or '')
  if not n or n ~= n or n < 0 or n > ahead then return 0 end
  return n
end
local at, next_, until_, missed = num('at', now + 60000000), num('next', now + 86400000000), num('until', now + 60000000), num('missed', now)
local function standing(outcome, everyone)
  return {outcome, int(now), int(at), int(next_), int(until_), int(num('failures', 1000)), int(missed), int(everyone),
    redis.call('HGET', KEYS[1], 'whom') or ''}
end
local function set(...)
  redis.call('HSET', KEYS[1], ...)
  redis.call('PEXPIRE', KEYS[1], 86400000)
end
`

var (
	// lookupScript returns the state of a source's calls, and buckets of the last answer about everyone. KEYS: state, everyone. ARGV:
	// buckets.
	lookupScript = goredis.NewScript(prelude + `
typed(KEYS[2], 'hash')
local everyone = tonumber(redis.call('HGET', KEYS[2], 'at') or '') or 0
local answer = standing('seen', everyone)
if #ARGV > 0 and everyone > 0 then
  for _, value in ipairs(redis.call('HMGET', KEYS[2], unpack(ARGV))) do table.insert(answer, value or '') end
end
return answer`)

	// acquireScript grants the right to call, or returns the reason against it. If somebody has missed an account recently, the script ignores
	// which accounts the call names: the call is then for everyone. ARGV: token, life, lease, the named accounts, how long a miss counts, whether the
	// call may be early, which is a miss.
	acquireScript = goredis.NewScript(prelude + `
if until_ > now then
  if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then return standing('granted', 0) end
  return standing('refused', 0)
end
local life = tonumber(ARGV[2])
if at + life > now or next_ > now then
  local early = num('early', now)
  if ARGV[6] ~= '1' or num('failures', 1000) > 0 or next_ > at + life or early > 0 and early + life > now then return standing('refused', 0) end
  missed = now
  set('early', int(now), 'missed', int(now))
end
local whom = ARGV[4]
if missed > 0 and now - missed < tonumber(ARGV[5]) then whom = '' end
at = math.max(now, at + 1)
next_, until_ = at + life, now + ARGV[3]
set('at', int(at), 'next', int(next_), 'token', ARGV[1], 'until', int(until_), 'whom', whom)
return standing('granted', 0)`)

	// saveScript ends a call, and stores an answer about everyone, unless another call has begun since. KEYS: state, everyone. ARGV: stamp,
	// life in ms, buckets or none.
	saveScript = goredis.NewScript(prelude + `
if at ~= tonumber(ARGV[1]) then return 0 end
set('until', '0', 'failures', '0', 'whom', '')
if #ARGV > 2 then
  redis.call('DEL', KEYS[2])
  local fields = {'at', ARGV[1]}
  for i = 3, #ARGV do
    table.insert(fields, i - 3)
    table.insert(fields, ARGV[i])
  end
  redis.call('HSET', KEYS[2], unpack(fields))
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return 1`)

	// failScript ends a call that returned no answer, unless another call has begun since. ARGV: stamp, failures, pause.
	failScript = goredis.NewScript(prelude + `
if at ~= tonumber(ARGV[1]) then return 0 end
set('until', '0', 'failures', ARGV[2], 'next', int(math.max(next_, now + ARGV[3])), 'whom', '')
return 1`)

	// missedScript records that a caller requested an account that no call had named.
	missedScript = goredis.NewScript(prelude + `
set('missed', int(now))
return 1`)
)

// callState is what the scripts return about a source.
type callState struct {
	outcome, whom                                    string
	now, at, next, until, failures, missed, everyone int64
	rest                                             []string
}

func readCallState(cmd *goredis.Cmd) (a callState, err error) {
	fields, err := cmd.StringSlice()
	if err != nil {
		return callState{}, err
	}
	if len(fields) < 9 {
		return callState{}, redis.ErrAnswer
	}
	a = callState{outcome: fields[0], whom: fields[8], rest: fields[9:]}
	for i, into := range []*int64{&a.now, &a.at, &a.next, &a.until, &a.failures, &a.missed, &a.everyone} {
		if *into, err = strconv.ParseInt(fields[i+1], 10, 64); err != nil {
			return callState{}, redis.ErrAnswer
		}
	}
	return a, nil
}

// callState translates the answer of a script, as of the time of the request.
func (s *Store) callState(item presence.StoreKey, a callState, at time.Time) presence.CallState {
	clock := redis.Clock{Now: a.now, At: at}
	out := presence.CallState{Failures: int(a.failures), Asking: a.until > a.now, Stamp: a.at, MissedAt: clock.Past(a.missed)}
	if a.next > a.now {
		out.Next = clock.Future(a.next)
	}
	if out.Asking && a.whom != "" {
		out.Whom = s.openIDs(item, a.whom)
	}
	return out
}
