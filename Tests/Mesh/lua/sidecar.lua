-- What APISIX does with a request, as far as the tests' meshes ask for it: choose a route, run the sidecar's own plugins in
-- their phases, choose an endpoint. The plugins are those of the sidecar's image, as they are.
local core = require("apisix.core")
local plugin = require("apisix.plugin")
local amesh = require("apisix.plugins.amesh")
local mtls = require("apisix.plugins.amesh-mtls")
local balancer = require("ngx.balancer")

local _M = {}
local routes, upstreams, turns = {}, {}, {}
local has_rule = false

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
  if has_rule then answer(mtls.before_proxy({}, ctx)) end
  if upstream.scheme == "https" then
    -- nginx's directives verify; that the plugin would have APISIX do it is looked at here.
    assert(ngx.ctx.trusted_store and ngx.ctx.verify and ngx.var.amesh_tls_name ~= "")
    ngx.var.scheme_there, ngx.var.certificate_there, ngx.var.key_there = "https", upstream.certificate, upstream.key
  end
end

function _M.connect()
  local upstream = ngx.ctx.request.upstream_conf
  local turn = (turns[upstream] or 0) % #upstream.nodes + 1
  turns[upstream] = turn
  local node = upstream.nodes[turn]
  assert(balancer.set_current_peer(node.host, node.port))
end

return _M
