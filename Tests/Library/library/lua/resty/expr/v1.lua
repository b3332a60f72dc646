-- Of lua-resty-expr, what the tests of the plugin need: conditions that variables equal something.
return {
  new = function(conditions)
    return {
      eval = function(_, variables)
        for _, condition in ipairs(conditions) do
          if variables[condition[1]] ~= condition[3] then return false end
        end
        return true
      end,
    }
  end,
}
