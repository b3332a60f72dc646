-- A request's path as Envoy compares it and hands it on: as it was sent, but for what normalises it.

local re_find, re_match = ngx.re.find, ngx.re.match
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
-- `normalises`, `merges_slashes`, `unescapes_slashes`, or `rejects_escaped_slashes`: nil then. So it is for a fragment, which
-- nothing compares and applications leave out.
function _M.parts(target, rules)
  if target:find("#", 1, true) then return nil end
  local question = target:find("?", 1, true)
  local path = question and target:sub(1, question - 1) or target
  if byte(path) == 47 then
    if rules.rejects_escaped_slashes and (path:find("%%2[Ff]") or path:find("%%5[Cc]")) then return nil end
    if rules.unescapes_slashes then path = path:gsub("%%2[Ff]", "/"):gsub("%%5[Cc]", "\\") end
    if rules.normalises then path = normalised(path) end
    if rules.merges_slashes and path:find("//", 1, true) then path = path:gsub("//+", "/") end
  end
  if path == "" then path = "/" end
  return path, question and target:sub(question) or ""
end

-- `${1}` is a group, `$$` a dollar sign.
local function filled(template, groups)
  return (template:gsub("%$([${])(%d*)(}?)", function(kind, number, close)
    if kind == "$" then return "$" .. number .. close end
    return groups[tonumber(number)] or ""
  end))
end

-- The replacement at each place where the pattern matches, as RE2's GlobalReplace has it: what is empty matches nowhere right
-- behind another match.
function _M.replaced(text, pattern, template)
  local parts, count, position, last = {}, 0, 1, nil
  local function add(part)
    count = count + 1
    parts[count] = part
  end
  while position <= #text + 1 do
    local from, to, problem = re_find(text, pattern, "jo", { pos = position })
    if problem then return nil, problem end
    if not from then break end
    add(text:sub(position, from - 1))
    if to < from and from == last then
      add(text:sub(from, from))
      position = from + 1
    else
      local groups
      groups, problem = re_match(text, pattern, "ajo", { pos = from })
      if not groups then return nil, problem end
      add(filled(template, groups))
      position, last = to + 1, to + 1
    end
  end
  return concat(parts) .. text:sub(position)
end

return _M
