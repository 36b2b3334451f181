-- One request against all its buckets, atomically: the formula of gcra.rs, in the same whole microseconds.
-- KEYS: the buckets. ARGV: the time in microseconds, or '' for Redis' own; then interval and limit of each bucket.
-- Answers per bucket: requests left, or minus the microseconds to wait. The first that refuses ends it, and none is counted.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local answers, full = {}, {}
for i, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[2 * i])
  local holds = interval * tonumber(ARGV[2 * i + 1])
  -- A bucket named twice in one request is taken from twice.
  local stored = full[key] or tonumber(redis.call('GET', key) or 0) or 0
  local next = math.min(math.max(stored, now), now + holds) + interval
  local debt = next - now
  if debt > holds then
    answers[i] = holds - debt
    return answers
  end
  answers[i] = math.floor((holds - debt) / interval)
  full[key] = next
end
for key, at in pairs(full) do
  redis.call('SET', key, string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000) + 1)
end
return answers
