package budgets

import (
	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
)

// The first field of askScript's answer.
const (
	granted = "granted"
	wait    = "wait"
	paused  = "paused"
	late    = "late"
)

var (
	// askScript records a replica's heartbeat, and checks a call against all budgets that the call counts in. See share for the view.
	//
	// KEYS: the view; then for each budget its log, its running calls, its pause and its urgent waiters.
	//
	// ARGV: 1 the replica; 2 the latest time at which this call of the script is valid; 3 the newest view that the caller knows; 4 and 5 the epoch
	// and the members of the view that the caller takes for agreed; 6 whether the replica leaves; 7 the time after which a replica counts as absent;
	// 8 and 9 the time after which the script forgets an absent replica, if there are other replicas and if there are none; 10 guard; 11 the maximum
	// time for which the call counts; 12 the length of a slice; 13 the ID of the call; 14 the maximum time for which the call runs; 15 whether the
	// call is urgent; then for each budget its calls, per, parallel, and the longest pause that is trusted.
	askScript = goredis.NewScript(redis.Prelude + `
local late = tonumber(ARGV[2])
if late > 0 and now > late then return {'late', '0', '0', int(now), '0', '', '0', '', '', '', '0'} end
typed(KEYS[1], 'hash')
local v, flat = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do v[flat[i]] = flat[i + 1] end
local function set(field, value) v[field] = value; redis.call('HSET', KEYS[1], field, value) end
local function unset(field) v[field] = nil; redis.call('HDEL', KEYS[1], field) end
local function num(field) return tonumber(v[field] or '0') or 0 end
local function split(csv)
  local t = {}
  for id in string.gmatch(csv or '', '[^,]+') do t[#t + 1] = id end
  return t
end
local me, absent, guard = ARGV[1], tonumber(ARGV[7]), tonumber(ARGV[10])

-- A Redis that is not the one it was may lack what was counted last.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
if v.run ~= run then
  if v.run or tonumber(ARGV[4]) > 0 then set('born', int(now)) end
  set('run', run)
end
if num('epoch') < tonumber(ARGV[4]) then
  set('born', int(now))
  set('epoch', ARGV[4])
  set('members', ARGV[5])
  for _, id in ipairs(split(ARGV[5])) do
    if not v['p:' .. id] then set('p:' .. id, int(now - absent - 1)) end
  end
end

-- Who is there.
if ARGV[6] == '1' then
  unset('p:' .. me) unset('b:' .. me) unset('a:' .. me)
else
  local seen = num('p:' .. me)
  if seen > 0 and now - seen > absent then set('b:' .. me, int(now)) end
  set('p:' .. me, int(now))
  set('a:' .. me, ARGV[3])
end
local agreed, others = {}, false
for _, id in ipairs(split(v.members)) do agreed[id] = true end
for field, value in pairs(v) do
  local id = string.match(field, '^p:(.*)$')
  if id and id ~= me and agreed[id] and now - (tonumber(value) or 0) <= absent then others = true end
end
local patience = tonumber(ARGV[others and 8 or 9])
if agreed[me] then patience = tonumber(ARGV[8]) end
local there = {}
for field, value in pairs(v) do
  local id = string.match(field, '^p:(.*)$')
  if id then
    local age = now - (tonumber(value) or 0)
    if age > absent and (not agreed[id] or age > patience) then
      there[#there + 1] = '-' .. id
    else
      there[#there + 1] = id
    end
  end
end
local wanted = {}
for _, id in ipairs(there) do
  if string.sub(id, 1, 1) == '-' then
    id = string.sub(id, 2)
    unset('p:' .. id) unset('b:' .. id) unset('a:' .. id)
  else
    wanted[#wanted + 1] = id
  end
end
table.sort(wanted)
wanted = table.concat(wanted, ',')

-- What they agree on: a new view holds once all of the old one know of it.
if num('epoch') == 0 then
  set('epoch', '1')
  set('members', wanted)
elseif wanted == v.members then
  if v.next then unset('next') unset('nextmembers') end
elseif wanted ~= v.nextmembers then
  set('last', int(math.max(num('epoch'), num('last')) + 1))
  set('next', v.last)
  set('nextmembers', wanted)
end
if v.next then
  local known = true
  for _, id in ipairs(split(v.members)) do
    if v['p:' .. id] and (num('a:' .. id) < num('next') or now - num('b:' .. id) < 11 * absent) then known = false end
  end
  if known then
    set('epoch', v.next)
    set('members', v.nextmembers)
    unset('next') unset('nextmembers')
  end
end
redis.call('PEXPIRE', KEYS[1], 86400000)
local function answer(outcome, on, wait, blocked, status, ago)
  return {outcome, int(on), int(wait), int(now), v.epoch, v.members, v.next or '0', v.nextmembers or '', blocked or '', status or '', int(ago or 0)}
end
if #KEYS == 1 then return answer('granted', 0, 0) end

-- What the budgets allow.
local members = split(v.members)
local token, hold, urgent = ARGV[13], tonumber(ARGV[14]), ARGV[15] == '1'
local on, wait = 0, 0
local function least(i, d) if d > wait then on, wait = i, d end end
local count = (#KEYS - 1) / 4
local function budget(i)
  return tonumber(ARGV[16 + 4 * i]), tonumber(ARGV[17 + 4 * i]), tonumber(ARGV[18 + 4 * i]), tonumber(ARGV[19 + 4 * i])
end
for i = 0, count - 1 do
  local log, busy, pause, first = KEYS[2 + 4 * i], KEYS[3 + 4 * i], KEYS[4 + 4 * i], KEYS[5 + 4 * i]
  local calls, per, parallel, believed = budget(i)
  typed(log, 'zset')
  typed(busy, 'zset')
  local stop = redis.call('TYPE', pause).ok == 'string' and redis.call('GET', pause)
  if stop then
    local until_, blocked, status = string.match(stop, '^(%d+) ([01]) (%d+)$')
    until_ = tonumber(until_)
    if until_ and until_ >= now + 172800000000 then until_ = nil end -- nobody has stored that
    if until_ then -- earlier releases have stored pauses of a day, and a source's max_pause may have been lowered
      local most = now + (blocked == '1' and 3600000000 or believed)
      if until_ > most then
        until_ = most
        redis.call('SET', pause, int(until_) .. ' ' .. blocked .. ' ' .. status, 'PX', math.ceil((until_ - now) / 1000))
      end
    end
    if until_ and until_ > now then return answer('paused', i, until_ - now, blocked, status) end
  end
  redis.call('ZREMRANGEBYSCORE', log, '-inf', int(now))
  redis.call('ZREMRANGEBYSCORE', busy, '-inf', int(now))
  if calls > 0 or parallel > 0 then
    local window = calls > 0 and per or 0
    if parallel > 0 then window = math.max(window, hold) end
    least(i, num('born') > 0 and num('born') + window + guard - now or 0)
    local mine = redis.call('ZSCORE', log, token) or redis.call('ZSCORE', busy, token)
    if not mine then
      local used = calls > 0 and redis.call('ZCARD', log) or 0
      if calls > 0 and used >= calls then
        local free = tonumber(redis.call('ZRANGE', log, used - calls, used - calls, 'WITHSCORES')[2])
        least(i, math.min(free, now + per) - now)
      end
      if parallel > 0 and redis.call('ZCARD', busy) >= parallel then least(i, 50000) end
    end
    if not urgent then
      local waiting = redis.call('TYPE', first).ok == 'string' and redis.call('GET', first)
      if waiting and waiting ~= token then least(i, math.max(1, redis.call('PTTL', first)) * 1000) end
    end
  end
end
-- Those who are away may be calling by themselves, each in its own slice of time.
local reach, slice = tonumber(ARGV[11]), tonumber(ARGV[12])
local function taken(seat)
  local id = members[seat + 1]
  if id == me or not v['p:' .. id] then return false end
  return now - num('p:' .. id) > absent or now - num('b:' .. id) < reach + guard
end
if reach > 0 and #members > 0 then
  local seat = math.floor(now / slice) % #members
  local left = (math.floor(now / slice) + 1) * slice - now
  if taken(seat) then
    least(0, left)
  elseif left < reach + guard and taken((seat + 1) % #members) then
    least(0, left + slice)
  end
end
if wait > 0 then
  local first = KEYS[5 + 4 * on]
  if urgent then
    typed(first, 'string')
    redis.call('SET', first, token, 'PX', math.min(5000, math.ceil(wait / 1000) + 250), 'NX')
  end
  return answer('wait', on, math.ceil(wait))
end
for i = 0, count - 1 do
  local log, busy, first = KEYS[2 + 4 * i], KEYS[3 + 4 * i], KEYS[5 + 4 * i]
  local calls, per, parallel = budget(i)
  if calls > 0 then
    redis.call('ZADD', log, int(now + hold + per), token)
    redis.call('PEXPIRE', log, math.ceil((hold + per) / 1000) + 1000)
  end
  if parallel > 0 then
    redis.call('ZADD', busy, int(now + hold), token)
    redis.call('PEXPIRE', busy, math.ceil(hold / 1000) + 1000)
  end
  if redis.call('TYPE', first).ok == 'string' and redis.call('GET', first) == token then redis.call('DEL', first) end
end
return answer('granted', 0, 0)`)

	// settleScript records the end of a call, and for how much longer the call counts. That time may be longer than expected, if the caller stood
	// still before it began the call. KEYS: for each budget its log and its running calls. ARGV: the ID of the call, and for each budget that time.
	settleScript = goredis.NewScript(redis.Prelude + `
for i = 1, #KEYS / 2 do
  if redis.call('TYPE', KEYS[2 * i - 1]).ok == 'zset' then
    redis.call('ZADD', KEYS[2 * i - 1], 'XX', int(now + ARGV[1 + i]), ARGV[1])
    local life = math.ceil(ARGV[1 + i] / 1000) + 1000
    if redis.call('PTTL', KEYS[2 * i - 1]) < life then redis.call('PEXPIRE', KEYS[2 * i - 1], life) end
  end
  if redis.call('TYPE', KEYS[2 * i]).ok == 'zset' then redis.call('ZREM', KEYS[2 * i], ARGV[1]) end
end
return 1`)

	// pauseScript starts a pause, unless a longer pause exists. KEYS: the pause. ARGV: the duration, whether the source blocks us, the status of the
	// source's response.
	pauseScript = goredis.NewScript(redis.Prelude + `
local stop = redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('GET', KEYS[1])
local till, blocked = string.match(stop or '', '^(%d+) ([01]) (%d+)$')
till = tonumber(till or '0')
if till > now and (till >= now + ARGV[1] or (blocked == '1' and ARGV[2] == '0')) then return 0 end
redis.call('SET', KEYS[1], int(now + ARGV[1]) .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'PX', math.ceil(ARGV[1] / 1000))
return 1`)
)
