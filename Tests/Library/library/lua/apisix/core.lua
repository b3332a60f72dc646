-- Of APISIX's core, what the sidecar's plugins call: a request's context with its variables, and schemas, which are its own
-- affair.
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
  log = {
    warn = function(...) ngx.log(ngx.WARN, ...) end,
    error = function(...) ngx.log(ngx.ERR, ...) end,
  },
  lrucache = {
    new = function(options)
      local cache = require("resty.lrucache").new(options.count)
      return function(key, _, create, ...)
        local value, problem = cache:get(key), nil
        if value == nil then
          value, problem = create(...)
          if value ~= nil then cache:set(key, value, options.ttl) end
        end
        return value, problem
      end
    end,
  },
  request = {
    header = function(_, name) return ngx.req.get_headers()[name] end,
    set_header = function(_, name, value) ngx.req.set_header(name, value) end,
  },
  response = { set_header = function(name, value) ngx.header[name] = value end },
  schema = { TYPE_METADATA = 3, check = function() return true end },
}
