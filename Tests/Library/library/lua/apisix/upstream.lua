return {
  set_grpcs_upstream_param = function() end,
  set_scheme = function(ctx, target) ctx.upstream_scheme = target.scheme end,
  set = function(ctx, key, version, target)
    assert(key and version)
    ctx.upstream_conf = target
  end,
}
