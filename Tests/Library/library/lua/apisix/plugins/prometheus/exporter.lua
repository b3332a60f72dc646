-- Of APISIX's metrics, a counter that has one label.
local prometheus = {}

function prometheus.counter(_, name, _, labels)
  return {
    inc = function(_, by, values)
      ngx.shared["prometheus-metrics"]:incr(('%s{%s="%s"}'):format(name, labels[1], values[1]), by, 0)
    end,
  }
end

return {
  get_prometheus = function() return prometheus end,
  print = function()
    local counts = ngx.shared["prometheus-metrics"]
    for _, sample in ipairs(counts:get_keys(0)) do ngx.say(sample, " ", counts:get(sample)) end
  end,
}
