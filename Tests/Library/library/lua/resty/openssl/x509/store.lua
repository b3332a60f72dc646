-- Whom to trust: how many they are.
return {
  new = function()
    return {
      count = 0,
      add = function(self, certificate)
        if not certificate then return nil, "no certificate" end
        self.count = self.count + 1
        return true
      end,
    }
  end,
}
