-- A request's path as Envoy compares it and hands it on: as it was sent, but for what normalises it.

local byte, char, concat = string.byte, string.char, table.concat
local tonumber = tonumber

local _M = {}

local function unescaped(hex)
  local character = char(tonumber(hex, 16))
  if character:find("[%w._~-]") then return character end
end

local function escaped(character) return ("%%%02X"):format(byte(character)) end

-- `.` and `..` are taken out (RFC 3986, 5.2.4); a slash after another is one more, empty, part.
local function without_dots(path)
  local parts, count = {}, 0
  local is_folder = false
  for part in (path:sub(2) .. "/"):gmatch("([^/]*)/") do
    is_folder = part == "." or part == ".."
    if part == ".." then
      if count > 0 then count = count - 1 end
    elseif part ~= "." then
      count = count + 1
      parts[count] = part
    end
  end
  return "/" .. concat(parts, "/", 1, count) .. (is_folder and count > 0 and "/" or "")
end

-- What RFC 3986 takes for the same: letters and digits that are escaped needlessly, dots, what has to be escaped and is
-- not, and backslashes, which browsers take for slashes.
local function normalised(path)
  if path:find("%", 1, true) then path = path:gsub("%%(%x%x)", unescaped) end
  if path:find('[\\"<>`{|}^]') then path = path:gsub("\\", "/"):gsub('["<>`{|}^]', escaped) end
  if path:find("/.", 1, true) then path = without_dots(path) end
  return path
end

-- Path and query of a request's target; the query has its question mark, or is empty. `rules` are the listener's:
-- `normalises`, `merges_slashes`, `unescapes_slashes`, or `rejects_escaped_slashes`: nil then.
function _M.parts(target, rules)
  local question = target:find("?", 1, true)
  local path = question and target:sub(1, question - 1) or target
  if byte(path) == 47 then
    if rules.rejects_escaped_slashes and (path:find("%%2[Ff]") or path:find("%%5[Cc]")) then return nil end
    if rules.unescapes_slashes then path = path:gsub("%%2[Ff]", "/"):gsub("%%5[Cc]", "\\") end
    if rules.normalises then path = normalised(path) end
    if rules.merges_slashes and path:find("//", 1, true) then path = path:gsub("//+", "/") end
  end
  return path, question and target:sub(question) or ""
end

return _M
