-- Lease requests as gateways make them: each client in turn first takes some increments, then renews.
-- LEASELAB_BENCH_CLIENTS names a file of "client-id hardware-id token" lines.
local clients = {}
for line in io.lines(os.getenv("LEASELAB_BENCH_CLIENTS")) do
  local id, hardware, token = line:match("^(%S+) (%S+) (%S+)$")
  clients[#clients + 1] = {id = id, hardware = hardware, token = token}
end
local round = os.getenv("LEASELAB_BENCH_ROUND")
local increments = tonumber(os.getenv("LEASELAB_BENCH_INCREMENTS"))
local now = os.getenv("LEASELAB_BENCH_NOW")
local turn = 0

local common = '"client_id":"%s","hardware_id":"%s","token":"%s","sent_at":%s,"request_id":"%s-%d"}'
local lease = '{"type":"lease","increments":["concurrent-users"],' .. common
local renew = '{"type":"renew","give_back":{},' .. common

wrk.headers["Content-Type"] = "application/json"

function request()
  local client = clients[turn % #clients + 1]
  local visit = math.floor(turn / #clients)
  turn = turn + 1
  local path, body = "/licensing/v1/renew", renew
  if visit < increments then
    path, body = "/licensing/v1/lease", lease
  end
  return wrk.format("POST", path, nil, body:format(client.id, client.hardware, client.token, now, round, turn))
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("result %.1f %.1f %d", summary.requests / summary.duration * 1e6, latency:percentile(99), failed))
end
