-- A certificate that says nothing of whoever shows it: made anew by each worker, trusted by nobody.
--
-- apisix-nginx-module takes a trusted store only where a client's certificate is set, too. Servers see it if they ask for one.

local ngx = ngx

local YEAR = 365 * 24 * 3600

-- Any of these calls gives nil and a reason where it can't be done.
local function make()
  local pkey, x509, digest = require("resty.openssl.pkey"), require("resty.openssl.x509"), require("resty.openssl.digest")
  local x509_name, ssl = require("resty.openssl.x509.name"), require("ngx.ssl")
  local key = assert(pkey.new({ type = "EC", curve = "prime256v1" }))
  local name = assert(x509_name.new())
  assert(name:add("CN", "anonymous"))
  local certificate = assert(x509.new())
  assert(certificate:set_subject_name(name))
  assert(certificate:set_issuer_name(name))
  assert(certificate:set_not_before(ngx.time() - 3600))
  assert(certificate:set_not_after(ngx.time() + 10 * YEAR))
  assert(certificate:set_pubkey(key))
  assert(certificate:sign(key, assert(digest.new("sha256"))))
  return { assert(ssl.parse_pem_cert(certificate:to_PEM())), assert(ssl.parse_pem_priv_key(key:to_PEM("private"))) }
end

local pair

-- The certificate and its key, as ngx.ssl has them; nil with a reason.
return function()
  if not pair then
    local ok, made = pcall(make)
    if not ok then return nil, made end
    pair = made
  end
  return pair[1], pair[2]
end
