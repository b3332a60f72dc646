-- Whom to trust, in a list.
return {
  new = function()
    return {
      add = function(self, certificate)
        if not certificate then return nil, "no certificate" end
        table.insert(self, certificate)
        return true
      end,
    }
  end,
}
