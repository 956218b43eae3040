-- One exchange of leases for one counter: finished leases are settled, then new cells are granted. Time is this server's,
-- in ticks of a quarter microsecond; every number is whole and below 2^53, so a double holds it exactly.
--
-- The state is `TAT lease:cells:end ...`. What is in the bucket and what is leased never exceed the burst together: cells
-- that a node still holds keep the bucket from filling up behind its back.
--
-- KEYS[1] counter; ARGV: 1 lease id, 2 interval, 3 burst, 4 need (who waits), 5 want (to keep), 6 nodes, 7 life,
-- 8 least TAT from now (or -1), 9 debt, then per finished lease: id, cells not
-- spent, least TAT from now because of those that were.
local time = redis.call('TIME')
local now = (time[1] - 1700000000) * 4000000 + time[2] * 4
local id, interval, life = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[7])
local full = tonumber(ARGV[3]) * interval
local need, want, nodes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local tat, held, leases = now, 0, {}
local returned, wasted = 0, 0

local state = redis.call('GET', KEYS[1])
if state then
  -- Bounded, so that a clock set back leaves nobody refused for longer than a full bucket takes.
  tat = math.min(tonumber(string.match(state, '^%d+')), now + full)
  for lease, cells, till in string.gmatch(state, ' (%x+):(%d+):(%d+)') do
    leases[lease] = { cells = tonumber(cells), till = math.min(tonumber(till), now + life) }
    held = held + tonumber(cells)
  end
end

-- Settled by their nodes: what was not spent goes back. A lease that is not known any more gives nothing back.
for at = 10, #ARGV, 3 do
  local lease = leases[ARGV[at]]
  if lease then
    leases[ARGV[at]] = nil
    held = held - lease.cells
    local unspent = math.min(tonumber(ARGV[at + 1]), lease.cells)
    -- Spent cells were held until they were spent, the others until now.
    tat = math.max(tat, now + tonumber(ARGV[at + 2]) + held * interval, now + (unspent + held) * interval) - unspent * interval
    returned = returned + unspent
  end
end
-- Never settled: taken as spent at their end.
local ended = held
for lease, it in pairs(leases) do
  if it.till <= now then
    tat = math.max(tat, it.till + ended * interval)
    held = held - it.cells
    wasted = wasted + it.cells
    leases[lease] = nil
  end
end

-- What a node knows of the time before, or admitted by itself, while this store could not be asked.
local overshoot = 0
if tonumber(ARGV[8]) >= 0 then tat = math.max(tat, now + tonumber(ARGV[8])) end
if tonumber(ARGV[9]) > 0 then
  tat = math.max(tat, now) + tonumber(ARGV[9])
  overshoot = math.max(0, math.ceil((tat - now - full) / interval))
  tat = math.min(tat, now + full)
end

local base = math.max(tat, now + held * interval)
local level = math.max(0, math.floor((now + full - base) / interval))
local grant = math.min(level, math.max(need, math.min(want, math.floor(level / (4 * nodes)))))
if grant > 0 then
  tat = base + grant * interval
  base = tat
  leases[id] = { cells = grant, till = now + life }
end

local text, last = { string.format('%.0f', math.max(tat, 0)) }, tat
for lease, it in pairs(leases) do
  text[#text + 1] = string.format('%s:%.0f:%.0f', lease, it.cells, it.till)
  last = math.max(last, it.till)
end
if last > now then
  redis.call('SET', KEYS[1], table.concat(text, ' '), 'PX', string.format('%.0f', math.ceil((last - now) / 4000) + 1000))
elseif state then
  redis.call('DEL', KEYS[1])
end
local wait = grant < need and base + interval - now - full or 0
return { grant, math.max(0, tat - now), wait, returned, wasted, overshoot }
