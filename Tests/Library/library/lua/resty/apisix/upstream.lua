-- What a plugin asks for of the connection to an endpoint.
return {
  set_ssl_trusted_store = function(store)
    ngx.ctx.trusted_store = store
    return true
  end,
  set_ssl_verify = function(is_verified)
    ngx.ctx.is_verified = is_verified
    return true
  end,
}
