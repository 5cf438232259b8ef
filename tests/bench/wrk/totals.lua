-- The totals as one line of JSON, after what wrk itself prints.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "failed": %d, "lost": %d, "p99_ms": %.3f}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(99) / 1000
  ))
end
