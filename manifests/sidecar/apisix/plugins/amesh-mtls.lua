-- Mutual TLS between sidecars. A global rule, so that it looks at every request.
--
-- Outbound, an upstream whose endpoints are all of the mesh has the label `amesh-name`: its connections are verified by the
-- mesh's bundle and that name, and the request tells the application's port by `x-amesh-port`. The label `amesh-port` has it,
-- or, where endpoints have different ones, the metadata of each.
-- Inbound, on 19443, the caller is known by its certificate: it is told to the application by `x-forwarded-client-cert`
-- (Envoy's format), to logs and plugins by the variable `amesh_peer`. Who is not on the list of the Pod, or asks for a port
-- that the Pod does not declare, is refused; so is plaintext where the Pod is strict. The kubelet's health checks come by
-- 15021, which is not APISIX's.
--
-- The plugin's metadata, which the library writes, has the bundle, the mode, the ports and the list.

local core = require("apisix.core")
local plugin = require("apisix.plugin")
local verification = require("apisix.amesh.verification")
local balancer = require("ngx.balancer")
local x509 = require("resty.openssl.x509")
local str = require("resty.string")
local ngx = ngx

local NAME = "amesh-mtls"
local OUTBOUND_PORT, MUTUAL_PORT = 19080, 19443
local PORT_HEADER, CLIENT_HEADER = "x-amesh-port", "x-forwarded-client-cert"

local schema = { type = "object", additionalProperties = false }

local range = { type = "array", items = { type = "integer" }, minItems = 2, maxItems = 2 }
local metadata_schema = {
  type = "object",
  required = { "mode" },
  properties = {
    mode = { type = "string", enum = { "permissive", "strict" } },
    bundle = { type = "string" },
    identity = { type = "string" },
    trust_domain = { type = "string" },
    ports = { type = "array", items = range },
    allowed = { type = "array", items = { type = "string" } },
  },
}

local _M = { version = 0.1, priority = 30000, name = NAME, schema = schema, metadata_schema = metadata_schema }

function _M.check_schema(conf, schema_type)
  return core.schema.check(schema_type == core.schema.TYPE_METADATA and metadata_schema or schema, conf)
end

local function settings()
  local metadata = plugin.plugin_metadata(NAME)
  return metadata and metadata.value
end

-- Whom to trust, made once for each bundle. One that can't be read leaves the one before.
local known_bundle, known_store

local function trusted_store()
  local metadata = settings()
  local bundle = metadata and metadata.bundle
  if not bundle or bundle == known_bundle then return known_store end
  known_bundle = bundle
  local store, problem = verification.store(bundle)
  if not store then
    core.log.error("the mesh's bundle can't be used, the one before stays: ", problem)
  else
    known_store = store
  end
  return known_store
end

-- Who a certificate is for, and what tells it from others: parsed once for each.
local peers = core.lrucache.new({ type = "plugin", count = 1024, ttl = 3600 })

local function read(pem)
  local certificate, problem = x509.new(pem, "PEM")
  if not certificate then return nil, problem end
  local names
  names, problem = certificate:get_subject_alt_name()
  if not names then return nil, problem or "it has no names" end
  local uri
  for kind, name in pairs(names) do
    if kind == "URI" then
      if uri then return nil, "it has more than one URI" end
      uri = name
    end
  end
  if not uri then return nil, "it has no URI" end
  local digest
  digest, problem = certificate:digest("sha256")
  if not digest then return nil, problem end
  return { id = uri, hash = str.to_hex(digest) }
end

-- Nil for a request that no certificate was shown for.
local function peer(ctx)
  if tonumber(ctx.var.server_port) ~= MUTUAL_PORT or ngx.var.ssl_client_verify ~= "SUCCESS" then return nil end
  local pem = ngx.var.ssl_client_raw_cert
  return pem and peers(pem, nil, read, pem)
end

core.ctx.register_var("amesh_peer", function(ctx)
  local known = peer(ctx)
  return known and known.id
end)

-- Counts what is refused with APISIX's metrics, where those are on.
local denials

local function deny(ctx, reason, message)
  if denials == nil then
    local ok, exporter = pcall(require, "apisix.plugins.prometheus.exporter")
    local prometheus = ok and exporter.get_prometheus and exporter.get_prometheus()
    denials = prometheus
      and prometheus:counter("amesh_denied_requests_total", "Requests that the mesh's rules refused.", { "reason" })
      or false
  end
  if denials then denials:inc(1, { reason }) end
  core.log.warn("refused, ", reason, ": ", ctx.var.amesh_peer or ctx.var.remote_addr)
  return 403, { message = message, reason = reason }
end

local function is_allowed(id, allowed)
  for _, pattern in ipairs(allowed) do
    if pattern == id then return true end
    -- `spiffe://DOMAIN/*` and `spiffe://DOMAIN/ns/NAMESPACE/*`: all that begins so, and goes on.
    local beginning = pattern:sub(-2) == "/*" and pattern:sub(1, -2)
    if beginning and #id > #beginning and id:sub(1, #beginning) == beginning then return true end
  end
  return false
end

local function is_declared(text, ports)
  local port = text and text:match("^[1-9]%d?%d?%d?%d?$") and tonumber(text)
  if not port then return false end
  for _, ends in ipairs(ports or {}) do
    if ends[1] <= port and port <= ends[2] then return true end
  end
  return false
end

local function same(name) return (name:lower():gsub("_", "-")) end

-- Applications of CGI's kind take an underscore for a hyphen, as nginx's variables do.
local function remove(ctx, header)
  core.request.set_header(ctx, header, nil)
  local variable = "http_" .. header:gsub("-", "_")
  if ngx.var[variable] then
    for name in pairs(ngx.req.get_headers(0, true)) do
      if same(name) == header then ngx.req.clear_header(name) end
    end
  end
  ctx.var[variable] = nil
end

function _M.rewrite(_, ctx)
  local own_port = tonumber(ctx.var.server_port)
  local metadata = settings()
  local port = ctx.var.http_x_amesh_port
  -- Never what somebody else says.
  remove(ctx, CLIENT_HEADER)
  remove(ctx, PORT_HEADER)
  if own_port == OUTBOUND_PORT then return end
  if own_port ~= MUTUAL_PORT then
    if metadata and metadata.mode == "strict" then
      return deny(ctx, "plaintext", "this workload takes mutual TLS of its mesh only")
    end
    return
  end
  local known, problem = peer(ctx)
  if not known then
    core.log.warn("no caller: ", problem)
    return deny(ctx, "identity", "who calls could not be established")
  end
  if not metadata then return deny(ctx, "settings", "this workload is not ready") end
  if known.id:sub(1, #metadata.trust_domain + 10) ~= "spiffe://" .. metadata.trust_domain .. "/" then
    return deny(ctx, "trust_domain", "the caller is of another trust domain")
  end
  if metadata.allowed and not is_allowed(known.id, metadata.allowed) then
    return deny(ctx, "not_allowed", known.id .. " is not among those that this workload serves")
  end
  if not is_declared(port, metadata.ports) then
    return deny(ctx, "port", "x-amesh-port names no port of this workload")
  end
  local by = metadata.identity and "By=" .. metadata.identity .. ";" or ""
  core.request.set_header(ctx, CLIENT_HEADER, by .. "Hash=" .. known.hash .. ";URI=" .. known.id)
  -- What is asked for after this is what has been set.
  ctx.var.http_x_forwarded_client_cert = nil
end

-- Of each endpoint by its address, made once for each list of them.
local ports = setmetatable({}, { __mode = "k" })

local function port_at(nodes, host)
  local known = ports[nodes]
  if not known then
    known = {}
    for _, node in ipairs(nodes) do known[node.host] = node.metadata and node.metadata["amesh-port"] end
    ports[nodes] = known
  end
  return known[host]
end

-- The endpoint is chosen already; another one for each retry, of which APISIX writes the request anew only for plugins of
-- routes.
local function tell_port(ctx, labels)
  local port = labels["amesh-port"]
  local is_of_endpoint = not port
  if is_of_endpoint then port = port_at(ctx.upstream_conf.nodes, ctx.balancer_ip) end
  if not port then
    core.log.error("the application's port at ", ctx.balancer_ip, " is not known")
    return 503
  end
  core.request.set_header(ctx, PORT_HEADER, port)
  if is_of_endpoint and ngx.get_phase() == "balancer" then balancer.recreate_request() end
end

function _M.before_proxy(_, ctx)
  if tonumber(ctx.var.server_port) ~= OUTBOUND_PORT then return end
  local labels = ctx.upstream_conf and ctx.upstream_conf.labels
  local name = labels and labels["amesh-name"]
  if not name then return end
  local store = trusted_store()
  if not store then
    core.log.error("there is no bundle to verify ", name, " by")
    return 503
  end
  local ok, problem = verification.require(ctx, store)
  if not ok then
    core.log.error("the connection can't be verified: ", problem)
    return 503
  end
  verification.set_name(name)
  return tell_port(ctx, labels)
end

return _M
