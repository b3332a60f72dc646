return {
  new = function()
    return {
      add = function(self, certificate)
        table.insert(self, certificate)
        return true
      end,
    }
  end,
}
