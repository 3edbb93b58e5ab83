-- etcd's lease grant through its JSON gateway: a lease of ten days, a new one each time.
wrk.method = "POST"
wrk.path = "/v3/lease/grant"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"TTL": 864000}'

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("result %.1f %.1f %d", summary.requests / summary.duration * 1e6, latency:percentile(99), failed))
end
