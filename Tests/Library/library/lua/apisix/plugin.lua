-- The listeners of the test, as the dictionary would have them.
local metadata = { value = { listeners = {} } }

return {
  plugin_metadata = function(name) return name == "amesh" and metadata or nil end,
  set_listeners = function(list) metadata = { value = { listeners = list } } end,
}
