-- The metadata of plugins, as the dictionary would have it.
local metadata = { amesh = { value = { listeners = {} } } }

local _M = {
  plugin_metadata = function(name) return metadata[name] end,
  set_metadata = function(name, value) metadata[name] = { value = value } end,
}

function _M.set_listeners(list) _M.set_metadata("amesh", { listeners = list }) end
function _M.set_paths(rules) metadata.amesh.value.paths = rules end

return _M
