-- Of APISIX's core, what the plugins call: a request's context with its variables; schemas, which are its own affair.
local getters = {}

local variables = {
  __index = function(self, name)
    local getter = getters[name]
    if getter then return getter(rawget(self, "_ctx")) end
    return ngx.var[name]
  end,
}

return {
  ctx = {
    register_var = function(name, getter) getters[name] = getter end,
    new = function()
      local ctx = { conf_version = 1 }
      ctx.var = setmetatable({ _ctx = ctx }, variables)
      return ctx
    end,
  },
  log = { error = function(...) ngx.log(ngx.ERR, ...) end },
  request = { header = function(_, name) return ngx.req.get_headers()[name] end },
  response = { set_header = function(name, value) ngx.header[name] = value end },
  schema = { TYPE_METADATA = 3, check = function() return true end },
}
