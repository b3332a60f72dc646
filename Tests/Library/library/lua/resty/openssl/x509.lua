return {
  new = function(pem)
    if pem:find("BROKEN", 1, true) then return nil, "no certificate" end
    return { pem = pem }
  end,
}
