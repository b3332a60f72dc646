-- Whom connections to an upstream trust, and by which name.
--
-- APISIX hands a request of gRPC on to a location of its own, and nginx forgets there what modules have set for it. So it
-- is set again at the one thing that APISIX does there for TLS.

local upstream = require("apisix.upstream")
local ngx_upstream = require("resty.apisix.upstream")
local nobody = require("apisix.amesh.nobody")
local x509 = require("resty.openssl.x509")
local x509_store = require("resty.openssl.x509.store")
local ngx = ngx

local _M = {}

-- A store of the certificates in a PEM text; nil with a reason where one can't be read, or there is none.
function _M.store(bundle)
  local store, problem = x509_store.new()
  if not store then return nil, problem end
  local count = 0
  for block in bundle:gmatch("%-%-%-%-%-BEGIN CERTIFICATE.-END CERTIFICATE%-%-%-%-%-") do
    local root
    root, problem = x509.new(block, "PEM")
    if not root then return nil, problem end
    local _, refused = store:add(root)
    if refused then return nil, refused end
    count = count + 1
  end
  if count == 0 then return nil, "no certificates" end
  return store
end

local function set(store, is_anonymous)
  local ok, problem = true, nil
  if is_anonymous then
    local certificate, key = nobody()
    if not certificate then return nil, key end
    ok, problem = ngx_upstream.set_cert_and_key(certificate, key)
  end
  if ok then ok, problem = ngx_upstream.set_ssl_trusted_store(store) end
  if ok then ok, problem = ngx_upstream.set_ssl_verify(true) end
  return ok, problem
end

-- What nginx asks for (SNI) and holds the certificate against; the host that is asked for where nothing is set. It is read
-- at once, by which nginx keeps it: a mirrored request sets the variable to nothing again before there is a connection.
function _M.set_name(name)
  ngx.var.amesh_tls_name = name
  return ngx.var.amesh_upstream_name
end

-- Connections of this request have to be verified by the store.
--
-- is_anonymous: the upstream has no certificate to show.
function _M.require(ctx, store, is_anonymous)
  ctx.amesh_trusted_store, ctx.amesh_is_anonymous = store, is_anonymous
  return set(store, is_anonymous)
end

local set_parameters = upstream.set_grpcs_upstream_param

function upstream.set_grpcs_upstream_param(ctx)
  if ctx.amesh_trusted_store then
    local ok, problem = set(ctx.amesh_trusted_store, ctx.amesh_is_anonymous)
    if not ok then return 503, problem end
  end
  return set_parameters(ctx)
end

return _M
