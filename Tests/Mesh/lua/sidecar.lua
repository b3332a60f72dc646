-- What APISIX does with a request, as far as the tests' meshes ask for it: choose a route, run the sidecar's own plugins in
-- their phases, choose an endpoint. The plugins are those of the sidecar's image, as they are.
local core = require("apisix.core")
local plugin = require("apisix.plugin")
local amesh = require("apisix.plugins.amesh")
local mtls = require("apisix.plugins.amesh-mtls")
local parameters = require("apisix.upstream")
local balancer = require("ngx.balancer")

local _M = {}
local routes, upstreams, turns = {}, {}, {}
local has_rule = false
-- What is known of a request of gRPC, which goes on in a location of its own as in APISIX.
local handed_on, count = {}, 0

function _M.load(path)
  for key, object in pairs(dofile(path)) do
    local kind, id = key:match("^/([^/]+)/(.+)$")
    if kind == "plugin_metadata" then
      plugin.set_metadata(id, object)
    elseif kind == "global_rules" then
      has_rule = has_rule or object.plugins["amesh-mtls"] ~= nil
    elseif kind == "upstreams" then
      upstreams[id] = object
    elseif kind == "routes" then
      -- Services of the tests are told apart by their ports, and by nothing else.
      local vars = object.vars
      assert(#vars == 1 and vars[1][1] == "amesh_listener" and not object.hosts and not object.service_id, key)
      routes[vars[1][3]] = object
    end
  end
  return _M
end

local function answer(status, body)
  if not status then return end
  ngx.status = status
  if body then ngx.say(('{"message":"%s","reason":"%s"}'):format(body.message, body.reason)) end
  return ngx.exit(status)
end

local function is_secure(scheme) return scheme == "https" or scheme == "grpcs" end

-- nginx's directives verify; that the plugin would have APISIX do it is looked at here.
local function assert_verified()
  assert(ngx.ctx.trusted_store and ngx.ctx.verify and ngx.var.amesh_tls_name ~= "")
end

-- As APISIX: before plugins look at what is sent.
local function choose(ctx, upstream)
  local turn = (turns[upstream] or 0) % #upstream.nodes + 1
  turns[upstream] = turn
  ctx.chosen = upstream.nodes[turn]
  ctx.balancer_ip = ctx.chosen.host
end

function _M.access()
  local ctx = core.ctx.new()
  ngx.ctx.request = ctx
  local route = routes[ctx.var.amesh_listener]
  if has_rule then answer(mtls.rewrite({}, ctx)) end
  if not route then return ngx.exit(404) end
  local original = route.plugins and route.plugins.amesh
  if original then
    answer(amesh.access(original, ctx))
  else
    ctx.upstream_conf = upstreams[route.upstream_id]
  end
  local upstream = ctx.upstream_conf
  if not upstream or #upstream.nodes == 0 then return ngx.exit(503) end
  choose(ctx, upstream)
  if has_rule then answer(mtls.before_proxy({}, ctx)) end
  local scheme = ctx.upstream_scheme or upstream.scheme or "http"
  ngx.var.scheme_there = scheme
  if is_secure(scheme) then
    assert_verified()
    ngx.var.certificate_there, ngx.var.key_there = upstream.certificate, upstream.key
  end
  if scheme:sub(1, 4) == "grpc" then
    count = count + 1
    ngx.var.handed_on, handed_on[count] = count, ctx
    return ngx.exec("@grpc_pass")
  end
end

function _M.grpc_access()
  local id = tonumber(ngx.var.handed_on)
  local ctx = handed_on[id]
  handed_on[id] = nil
  ngx.ctx.request = ctx
  answer(parameters.set_grpcs_upstream_param(ctx))
  if is_secure(ngx.var.scheme_there) then assert_verified() end
end

function _M.connect()
  local node = ngx.ctx.request.chosen
  -- APISIX writes an address of IPv6 so when it reads it.
  local host = node.host:find("^[%x:]*:[%x:.]*$") and "[" .. node.host .. "]" or node.host
  assert(balancer.set_current_peer(host, node.port))
end

return _M
