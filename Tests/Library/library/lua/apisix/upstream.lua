return {
  set_scheme = function(ctx, target) ctx.upstream_scheme = target.scheme end,
  set = function(ctx, key, version, target)
    assert(key and version)
    ctx.upstream_conf = target
  end,
}
