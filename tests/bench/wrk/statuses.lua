-- Each request is another client's, of a proxy. The answers are counted: those that are refused, by
-- 429 or 503 with Retry-After, and those that are broken, by another 5xx or without it.
local threads = {}
local clients = 250

function setup(thread)
  thread:set("first", #threads * 100)
  table.insert(threads, thread)
end

function init()
  refused, broken, number = 0, 0, first
end

function request()
  number = number + 1
  wrk.headers["X-Forwarded-For"] = "198.51.100." .. (number % clients + 1)
  return wrk.format()
end

function response(status, headers)
  if status < 429 then return end
  local again = headers["retry-after"] or headers["Retry-After"]
  if again and (status == 429 or status == 503) then
    refused = refused + 1
  else
    broken = broken + 1
  end
end

function done(summary, latency)
  local errors, all_refused, all_broken = summary.errors, 0, 0
  for _, thread in ipairs(threads) do
    all_refused = all_refused + thread:get("refused")
    all_broken = all_broken + thread:get("broken")
  end
  io.write(string.format(
    '{"requests": %d, "failed": %d, "lost": %d, "p99_ms": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(99) / 1000, all_refused, all_broken
  ))
end
