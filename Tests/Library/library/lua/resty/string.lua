return {
  to_hex = function(text) return (text:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)) end,
}
