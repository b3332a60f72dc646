-- Where a connection was going before it was redirected to the sidecar.
--
-- Routes choose by the variable `amesh_listener`: the listener of the control plane that would have taken the connection.
-- It is the first of `o:ADDRESS:PORT`, `o:PORT` and `o` (outbound; inbound `i:…`) that the plugin's metadata lists. On a
-- route the plugin sends the request on to that destination, or to another port of it; what came in, from loopback.
--
-- Routes compare `amesh_path`, which is the path as Envoy has it: neither decoded nor joined as nginx's `uri` is, and
-- normalised as far as the listener wants it (`paths` of the metadata). That is also what is sent on.
--
-- On a route it does what no plugin of APISIX's does: paths that are rewritten as they are spelled (`path`), faults that a
-- request asks for by Envoy's headers (`fault`), hosts that come from a header or the path (`host`), and headers that are
-- added to those of a response (`append`).

local core = require("apisix.core")
local plugin = require("apisix.plugin")
local upstream = require("apisix.upstream")
local paths = require("apisix.amesh.path")
local grpc = require("apisix.amesh.grpc")
local expr = require("resty.expr.v1")
local get_request = require("resty.core.base").get_request
local ffi = require("ffi")
local C = ffi.C

local NAME = "amesh"
-- What comes in by any other port is for the application.
local OUTBOUND_PORT = 19080
-- Here the mesh sends to: no redirect has led it, and a header names the application's port.
local MUTUAL_PORT = 19443
-- The sidecar's calls to its own Pod come in like any other, but for those from loopback: they are what came in already.
-- Applications know the first from Istio.
local LOOPBACK, LOOPBACK_V6 = "127.0.0.6", "::1"

-- The beginnings of nginx's structures, which are the same since there is nginx. Functions have names of ours, since
-- LuaJIT takes no second declaration of one that anybody else has declared.
ffi.cdef [[
  typedef struct { void *data, *read, *write; int fd; } amesh_connection;
  typedef struct { uint32_t signature; amesh_connection *connection; } amesh_request;
  typedef struct { uint16_t family; uint8_t port[2], v4[4], v6[16]; uint32_t scope; } amesh_address;
  int amesh_getsockopt(int fd, int level, int name, amesh_address *value, uint32_t *size) __asm__("getsockopt");
  const char *amesh_inet_ntop(int family, const void *address, char *text, uint32_t size) __asm__("inet_ntop");
]]
local AF_INET, AF_INET6 = 2, 10
local SOL_IP, SOL_IPV6, SO_ORIGINAL_DST = 0, 41, 80
local address, size = ffi.new("amesh_address"), ffi.new("uint32_t[1]")
local text = ffi.new("char[46]")

local function ask(fd, level)
  size[0] = ffi.sizeof(address)
  return C.amesh_getsockopt(fd, level, SO_ORIGINAL_DST, address, size) == 0
end

-- The address as APISIX writes it (an IPv6 one in brackets) and the port; nothing for a connection to the sidecar itself.
local function original_destination(own_port)
  local fd = ffi.cast("amesh_request *", get_request()).connection.fd
  if not ask(fd, SOL_IP) and not ask(fd, SOL_IPV6) then return nil end
  local port = address.port[0] * 256 + address.port[1]
  if port == own_port then return nil end
  if address.family == AF_INET then
    return ffi.string(C.amesh_inet_ntop(AF_INET, address.v4, text, 46)), port
  end
  return "[" .. ffi.string(C.amesh_inet_ntop(AF_INET6, address.v6, text, 46)) .. "]", port
end

-- Of a request; found once, since the header goes before the request is sent on.
local function destination(ctx)
  local own_port = tonumber(ctx.var.server_port)
  if own_port ~= MUTUAL_PORT then return original_destination(own_port) end
  local known = ctx.amesh_mutual_destination
  if not known then
    local port = ctx.var.http_x_amesh_port
    port = port and port:match("^[1-9]%d?%d?%d?%d?$") and tonumber(port)
    local host = ctx.var.server_addr
    known = { host = port and (host:find(":", 1, true) and "[" .. host .. "]" or host), port = port }
    ctx.amesh_mutual_destination = known
  end
  return known.host, known.port
end

-- The list of the metadata as a set, made once for each list.
local sets = setmetatable({}, { __mode = "k" })

local function listeners()
  local metadata = plugin.plugin_metadata(NAME)
  local list = metadata and metadata.value.listeners
  if not list then return {} end
  local set = sets[list]
  if not set then
    set = {}
    for _, name in ipairs(list) do set[name] = true end
    sets[list] = set
  end
  return set
end

-- What is between two peers goes no further: what a client names in `Connection`, but for what a request can't be without.
local KEPT = { connection = true, host = true, upgrade = true, te = true, ["content-length"] = true, ["transfer-encoding"] = true }

-- Nobody names more.
local MOST_NAMED = 32

local function drop_named_headers(ctx, names)
  local count = 0
  for name in names:gmatch("[%w_-]+") do
    count = count + 1
    if count > MOST_NAMED then return end
    if not KEPT[name:lower()] then core.request.set_header(ctx, name, nil) end
  end
end

-- A request to a proxy names the host in its target, and that one counts, whatever the header says.
local function take_named_host(var)
  local said = var.http_host
  if not said or said == var.host or (said:lower():gsub(":%d*$", "")) == var.host then return end
  local named = ngx.var.request:match("^%S+ %a[%w+.-]*://([^/?# ]+)")
  if named then
    var.http_host, var.upstream_host = named, named
  end
end

-- What a gateway tells its upstreams and a sidecar does not.
local function be_transparent(ctx)
  local var = ctx.var
  take_named_host(var)
  local connection = var.http_connection
  if connection and connection ~= "" and connection ~= "keep-alive" and connection ~= "close" then
    drop_named_headers(ctx, connection)
  end
  if var.http_proxy_connection then core.request.set_header(ctx, "proxy-connection", nil) end
  -- Behind another protocol's upgrade nobody would look at what is sent.
  local upgrade = var.http_upgrade
  local is_websocket = upgrade and upgrade:lower() == "websocket"
  if upgrade and not is_websocket then var.http_upgrade = "" end
  -- Every route takes websockets, and so APISIX would hand `Connection` on. It is between two peers: by a client's `close`
  -- an upstream would end connections that APISIX keeps, and requests would fail.
  if not is_websocket then var.http_connection = "" end
  -- The application would build its links with the sidecar's port.
  var.var_x_forwarded_host = var.http_x_forwarded_host or ""
  var.var_x_forwarded_port = var.http_x_forwarded_port or ""
end

local function listener(ctx)
  local own_port = tonumber(ctx.var.server_port)
  local direction = own_port == OUTBOUND_PORT and "o" or "i"
  local known = listeners()
  local host, port = destination(ctx)
  if host then
    local by_address = direction .. ":" .. host .. ":" .. port
    if known[by_address] then return by_address end
    local by_port = direction .. ":" .. port
    if known[by_port] then return by_port end
  end
  return known[direction] and direction or nil
end

local NO_RULES = {}

local function path_rules(name)
  local metadata = plugin.plugin_metadata(NAME)
  local rules = metadata and metadata.value.paths
  return rules and rules[name] or NO_RULES
end

-- This is sent on. APISIX's variable `request_uri` has it decoded, which is another path; plugins that guard one go by that.
local function set_target(ctx, name)
  local raw = ngx.var.request_uri
  local path, query = paths.parts(raw, path_rules(name))
  if not path then return false end
  ctx.amesh_path, ctx.amesh_query = path, query
  local target = path .. query
  if target ~= raw then
    ctx.var.upstream_uri = target
    if grpc.is(ctx) then grpc.set_path(path) end
  end
  ctx.var.real_request_uri = target
  return true
end

-- All routes ask for it, so it is asked once for each request, before anything else is done.
core.ctx.register_var("amesh_listener", function(ctx)
  be_transparent(ctx)
  local name = listener(ctx)
  -- Without a listener no route takes it; what is nil would be asked for again by each.
  return name and set_target(ctx, name) and name or ""
end)

core.ctx.register_var("amesh_path", function(ctx) return ctx.amesh_path end)
-- A gateway that has taken TLS off says so, and Envoy believes it.
core.ctx.register_var("amesh_scheme", function(ctx)
  local said = ctx.var.http_x_forwarded_proto
  return (said == "https" or said == "http") and said or ctx.var.scheme
end)
core.ctx.register_var("amesh_query", function(ctx) return ctx.amesh_query end)

local share = {
  type = "object",
  required = { "numerator", "denominator" },
  properties = { numerator = { type = "integer" }, denominator = { type = "integer", minimum = 1 } },
}

local schema = {
  type = "object",
  minProperties = 1,
  additionalProperties = false,
  properties = {
    upstream = { type = "string", enum = { "original-destination" } },
    port = { type = "integer", minimum = 1, maximum = 65535 },
    scheme = { type = "string", enum = { "https", "grpc", "grpcs" } },
    retries = { type = "integer", minimum = 0 },
    retry_timeout = { type = "number", minimum = 0 },
    fault = {
      type = "object",
      properties = { delay = share, abort = share, vars = { type = "array" } },
    },
    path = {
      type = "object",
      required = { "pattern", "replacement" },
      properties = { pattern = { type = "string" }, replacement = { type = "string" } },
    },
    host = {
      type = "object",
      properties = { header = { type = "string" }, pattern = { type = "string" }, replacement = { type = "string" } },
    },
    append = {
      type = "array",
      items = { type = "array", items = { type = "string" }, minItems = 2, maxItems = 2 },
    },
  },
}

local metadata_schema = {
  type = "object",
  properties = {
    listeners = { type = "array", items = { type = "string" } },
    paths = {
      type = "object",
      additionalProperties = {
        type = "object",
        properties = {
          normalises = { type = "boolean" },
          merges_slashes = { type = "boolean" },
          unescapes_slashes = { type = "boolean" },
          rejects_escaped_slashes = { type = "boolean" },
        },
      },
    },
  },
}

-- After proxy-rewrite, before redirect.
local _M = { version = 0.1, priority = 901, name = NAME, schema = schema, metadata_schema = metadata_schema }

function _M.check_schema(conf, schema_type)
  return core.schema.check(schema_type == core.schema.TYPE_METADATA and metadata_schema or schema, conf)
end

-- By chance: as often as the configuration lets, or the request asks for, if that is less.
local function is_drawn(limit, asked)
  asked = asked and asked:match("^%d+$") and tonumber(asked)
  return math.random(limit.denominator) <= math.min(asked or limit.numerator, limit.numerator)
end

local function number(text, least, most)
  local value = text and #text < 10 and text:match("^%d+$") and tonumber(text)
  return value and least <= value and value <= most and value
end

-- Milliseconds: who asks and leaves holds a connection for so long.
local LONGEST_DELAY = 3600000

local function fail(ctx, fault)
  local var = ctx.var
  if fault.vars then
    local condition = expr.new(fault.vars)
    if not condition or not condition:eval(var) then return end
  end
  local delay = fault.delay and number(var.http_x_envoy_fault_delay_request, 1, 999999999)
  if delay and is_drawn(fault.delay, var.http_x_envoy_fault_delay_request_percentage) then
    ngx.sleep(math.min(delay, LONGEST_DELAY) / 1000)
  end
  if not fault.abort then return end
  local status = number(var.http_x_envoy_fault_abort_request, 200, 599)
  local grpc_status = not status and number(var.http_x_envoy_fault_abort_grpc_request, 0, 999999999)
  if not status and not grpc_status or not is_drawn(fault.abort, var.http_x_envoy_fault_abort_request_percentage) then
    return
  end
  if status then return status, "fault filter abort" end
  core.response.set_header("content-type", "application/grpc")
  core.response.set_header("grpc-status", tostring(grpc_status))
  core.response.set_header("grpc-message", "fault filter abort")
  return 200, ""
end

-- What comes of a request may be anything.
local function set_host(ctx, host)
  local name
  if host.header then
    name = core.request.header(ctx, host.header)
  else
    name = paths.replaced(ctx.amesh_path or ctx.var.uri, host.pattern, host.replacement)
  end
  if name and name:find("^[%w._:%[%]-]+$") then ctx.var.upstream_host = name end
end

local function set_path(ctx, path)
  local rewritten, problem = paths.replaced(ctx.amesh_path, path.pattern, path.replacement)
  if not rewritten then
    core.log.error("the path can't be rewritten: ", problem)
    return 500
  end
  -- nginx would take anything else for more of the upstream's name.
  if rewritten:sub(1, 1) ~= "/" then rewritten = "/" .. rewritten end
  ctx.amesh_path = rewritten
  ctx.var.amesh_path = rewritten
  ctx.var.upstream_uri = rewritten .. ctx.amesh_query
  if grpc.is(ctx) then grpc.set_path(rewritten) end
end

function _M.rewrite(conf, ctx)
  if conf.fault then
    local status, body = fail(ctx, conf.fault)
    if status then return status, body end
  end
  if conf.host then set_host(ctx, conf.host) end
  if conf.path then return set_path(ctx, conf.path) end
end

-- The protocol that the client speaks. In TLS it has agreed on HTTP/2 with the sidecar, which says nothing of the application.
local function protocol(ctx)
  if ngx.req.http_version() ~= 2 then return "http" end
  local is_agreed = tonumber(ctx.var.server_port) == MUTUAL_PORT
  if is_agreed and not grpc.is(ctx) then return "http" end
  return "grpc"
end

function _M.access(conf, ctx)
  if not conf.upstream then return end
  local host, port = destination(ctx)
  -- To hand it on would lead to the sidecar again.
  if not host then return 503 end
  local node = { host = host, port = conf.port or port, weight = 1, priority = 0 }
  local target = {
    type = "roundrobin",
    nodes = { node },
    scheme = conf.scheme or protocol(ctx),
    retries = conf.retries,
    retry_timeout = conf.retry_timeout,
  }
  upstream.set_scheme(ctx, target)
  if tonumber(ctx.var.server_port) ~= OUTBOUND_PORT then
    ngx.var.amesh_source = host:sub(1, 1) == "[" and LOOPBACK_V6 or LOOPBACK
    -- APISIX keeps connections apart by this text: one that the application has made to its own Pod through the sidecar
    -- leads to the sidecar again, and must not be used for what came in.
    target.scheme = "inbound " .. target.scheme
  end
  upstream.set(ctx, NAME .. "#" .. node.host .. "#" .. node.port, ctx.conf_version, target)
end

function _M.header_filter(conf, ctx)
  for _, line in ipairs(conf.append or {}) do
    core.response.add_header(line[1], (core.utils.resolve_var(line[2], ctx.var)))
  end
end

return _M
