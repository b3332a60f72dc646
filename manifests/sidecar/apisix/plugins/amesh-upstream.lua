-- What holds of an upstream, whichever route leads to it. A global rule, so that it looks at every request.
--
-- The translation has written labels on the upstream: `amesh-limit`, how many requests may be under way at a time to the
-- cluster that `amesh-limited` names, in all of the sidecar's workers. What is more is answered 503, as Envoy does it. And
-- `amesh-sni`, the name that TLS asks for; `amesh-authorities`, by whom the server has to be certified for that name: in the
-- plugin's metadata, `authorities` has by it a `text` of PEM, or a `file` of it. Without these it is not verified.

local core = require("apisix.core")
local plugin = require("apisix.plugin")
local upstream_module = require("apisix.upstream")
local grpc = require("apisix.amesh.grpc")
local verification = require("apisix.amesh.verification")
local lrucache = require("resty.lrucache")
local ngx = ngx

local NAME = "amesh-upstream"

local schema = { type = "object", additionalProperties = false }

local metadata_schema = {
  type = "object",
  required = { "authorities" },
  properties = {
    authorities = {
      type = "object",
      additionalProperties = {
        type = "object",
        properties = { text = { type = "string" }, file = { type = "string" } },
      },
    },
  },
}

local _M = { version = 0.1, priority = 29000, name = NAME, schema = schema, metadata_schema = metadata_schema }

function _M.check_schema(conf, schema_type)
  return core.schema.check(schema_type == core.schema.TYPE_METADATA and metadata_schema or schema, conf)
end

-- Every process counts for itself: what one that was killed had under way goes with it. `worker#NUMBER` tells whose counts
-- are the worker's today.
local counts = ngx.shared[NAME]

local function count_key(key, process) return key .. "#" .. process end

function _M.init()
  local number, process = ngx.worker.id(), ngx.worker.pid()
  if not counts or not number then return end
  local former = counts:get("worker#" .. number)
  if former == process then return end
  counts:set("worker#" .. number, process)
  if not former then return end
  for _, key in ipairs(counts:get_keys(0)) do
    if key:sub(-#tostring(former) - 1) == "#" .. former then counts:delete(key) end
  end
end

local function under_way(key)
  local sum = 0
  for number = 0, ngx.worker.count() - 1 do
    local process = counts:get("worker#" .. number)
    sum = sum + (process and counts:get(count_key(key, process)) or 0)
  end
  return sum
end

-- Made once for each text; a file is looked at again after a minute. One that can't be read leaves the one before.
local stores = lrucache.new(256)

-- A store, and what tells its content from others'.
local function trusted_store(id)
  local known = stores:get(id)
  if known and ngx.now() < known.until_ then return known.store, known.digest end
  local metadata = plugin.plugin_metadata(NAME)
  local source = metadata and metadata.value.authorities[id]
  if not source then
    -- Workers take up metadata and upstreams one after the other.
    core.log.error("the authorities ", id, " are not known yet")
    return nil
  end
  local text, problem, store = source.text, nil, nil
  if not text then
    local file
    file, problem = io.open(source.file, "r")
    text = file and file:read("*a")
    if file then file:close() end
  end
  if text then
    store, problem = verification.store(text)
  end
  if store then
    known = { store = store, digest = ngx.md5(text) }
  else
    core.log.error("the authorities of an upstream can't be used: ", problem)
    known = known or {}
  end
  known.until_ = source.text and math.huge or ngx.now() + 60
  stores:set(id, known)
  return known.store, known.digest
end

-- APISIX keeps connections apart by this text, which is not read any more: one that was verified otherwise, or asked for by
-- another name, is not used for this.
local function keep_apart(ctx, text)
  ctx.upstream_conf = setmetatable({ tls = { client_cert = text } }, { __index = ctx.upstream_conf })
end

local function secure(ctx, id, name, authorities)
  if name then verification.set_name(name) end
  name = name or ""
  if not authorities then return keep_apart(ctx, "asked for as " .. name) end
  local store, digest = trusted_store(authorities)
  local ok, problem
  if store then
    ok, problem = verification.require(ctx, store, true)
  end
  if not ok then
    core.log.error("a connection can't be verified: ", problem)
    return 503
  end
  keep_apart(ctx, "verified for " .. id .. " as " .. name .. " by " .. digest)
end

local function limit(ctx, cluster, requests)
  local key = count_key(cluster, ngx.worker.pid())
  local problem = "there is no shared dictionary " .. NAME
  if counts then
    local _
    _, problem = counts:incr(key, 1, 0)
  end
  if problem then
    core.log.error("requests to ", cluster, " can't be counted: ", problem)
    return
  end
  ctx.amesh_under_way = key
  if under_way(cluster) <= requests then return end
  core.response.set_header("x-envoy-overloaded", "true")
  return 503, "upstream connect error or disconnect/reset before headers. reset reason: overflow"
end

-- proxy-mirror comes before what rewrites, and decodes the path. One that has a path of its own keeps it.
local function mirror_what_is_sent(ctx)
  local var = ctx.var
  local said = var.upstream_mirror_uri:sub(#var.upstream_mirror_host + 1)
  local before = var.uri .. var.is_args .. (var.args or "")
  if said ~= before and said ~= var.real_request_uri then return end
  local target = var.upstream_uri
  if not target or target == "" then target = ngx.var.request_uri end
  var.upstream_mirror_uri = var.upstream_mirror_host .. target
end

local WITHOUT_GRPC = { grpc = "http", grpcs = "https" }

-- HTTP/2 to an upstream is APISIX's gRPC, which says of every request that it is of that type. What is not goes by HTTP/1.1.
local function keep_type(ctx)
  local scheme = WITHOUT_GRPC[ctx.upstream_scheme]
  if not scheme or grpc.is(ctx) then return end
  if scheme == "https" then
    -- The certificate that APISIX has put by for gRPC.
    local status = upstream_module.set_grpcs_upstream_param(ctx)
    if status then return status end
  end
  local conf = ctx.upstream_conf
  ctx.upstream_scheme, ctx.var.upstream_scheme = scheme, scheme
  -- By this, connections are kept apart.
  local text = conf.scheme:gsub("grpc(s?)$", "http%1")
  ctx.upstream_conf = setmetatable({ scheme = text }, { __index = conf })
end

function _M.before_proxy(_, ctx)
  if ctx.enable_mirror then mirror_what_is_sent(ctx) end
  local refusal = keep_type(ctx)
  if refusal then return refusal end
  local upstream = ctx.matched_upstream
  -- Asked again for each retry.
  if not upstream or ctx.amesh_looked_after then return end
  ctx.amesh_looked_after = true
  local labels = ctx.upstream_conf and ctx.upstream_conf.labels
  if not labels then return end
  local name, authorities = labels["amesh-sni"], labels["amesh-authorities"]
  if name or authorities then
    local status = secure(ctx, upstream.id, name, authorities)
    if status then return status end
  end
  local requests = tonumber(labels["amesh-limit"])
  if requests then return limit(ctx, labels["amesh-limited"] or upstream.id, requests) end
end

local function last(list) return list and list:match("([^, :]+)%s*$") end

-- What no upstream has said. Envoy has one status for connections that were not made or that broke; callers, and those that
-- try again by status, count on it.
function _M.header_filter(_, ctx)
  local status = ngx.status
  if status ~= 502 and status ~= 504 or last(ngx.var.upstream_header_time) ~= "-" then return end
  if status == 504 and last(ngx.var.upstream_connect_time) ~= "-" then
    ctx.amesh_answer = "upstream request timeout"
  else
    ngx.status = 503
    ctx.amesh_answer = "upstream connect error or disconnect/reset before headers"
  end
  core.response.set_header("content-type", "text/plain")
  core.response.set_header("content-length", #ctx.amesh_answer)
end

function _M.body_filter(_, ctx)
  if not ctx.amesh_answer then return end
  ngx.arg[1] = ctx.amesh_answer
  ngx.arg[2] = true
  ctx.amesh_answer = ""
end

function _M.log(_, ctx)
  if ctx.amesh_under_way then counts:incr(ctx.amesh_under_way, -1) end
end

return _M
