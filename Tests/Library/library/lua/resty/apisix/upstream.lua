-- Of apisix-nginx-module: what it keeps for a request is gone where nginx goes on in another location, as with ngx.ctx.
return {
  set_cert_and_key = function(certificate, key)
    ngx.ctx.certificate = certificate and key and certificate
    return true
  end,
  set_ssl_trusted_store = function(store)
    ngx.ctx.trusted_store = store
    return true
  end,
  set_ssl_verify = function(verify)
    ngx.ctx.verify = verify
    return true
  end,
}
