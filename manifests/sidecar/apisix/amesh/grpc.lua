-- What is gRPC, and how its path is changed.

local _M = {}

-- Of a request's type: gRPC-Web is another protocol.
function _M.is(ctx)
  local said = ctx.var.http_content_type
  if not said or said:sub(1, 16) ~= "application/grpc" then return false end
  local next_one = said:sub(17, 17)
  return next_one == "" or next_one == "+" or next_one == ";"
end

-- APISIX sends gRPC on with the path that nginx has, which is without its escapes.
function _M.set_path(path) ngx.req.set_uri(ngx.unescape_uri((path:gsub("%+", "%%2B"))), false, true) end

return _M
