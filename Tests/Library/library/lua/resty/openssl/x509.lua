-- Of lua-resty-openssl, what the sidecar's plugin reads of a certificate: by libcrypto, which is in nginx.
local ffi = require("ffi")
local C = ffi.C

ffi.cdef [[
  typedef struct { int type; void *value; } amesh_general_name;
  void *BIO_new_mem_buf(const void *bytes, int size);
  int BIO_free(void *bio);
  void *PEM_read_bio_X509(void *bio, void *, void *, void *);
  void X509_free(void *certificate);
  void *X509_get_ext_d2i(const void *certificate, int nid, int *critical, int *index);
  int X509_digest(const void *certificate, const void *algorithm, unsigned char *digest, unsigned int *size);
  const void *EVP_sha256(void);
  int OPENSSL_sk_num(const void *stack);
  void *OPENSSL_sk_value(const void *stack, int index);
  void GENERAL_NAMES_free(void *names);
  const unsigned char *ASN1_STRING_get0_data(const void *text);
  int ASN1_STRING_length(const void *text);
]]
local SUBJECT_ALT_NAME = 85
local KINDS = { [2] = "DNS", [6] = "URI" }

local _M = {}
_M.__index = _M

function _M.new(pem)
  local bio = C.BIO_new_mem_buf(pem, #pem)
  local certificate = C.PEM_read_bio_X509(bio, nil, nil, nil)
  C.BIO_free(bio)
  if certificate == nil then return nil, "no certificate in PEM" end
  return setmetatable({ certificate = ffi.gc(certificate, C.X509_free) }, _M)
end

-- Of each kind one: Debian's LuaJIT has no other `pairs` for a table that has several.
function _M:get_subject_alt_name()
  local names = C.X509_get_ext_d2i(self.certificate, SUBJECT_ALT_NAME, nil, nil)
  if names == nil then return nil end
  local found = {}
  for index = 0, C.OPENSSL_sk_num(names) - 1 do
    local name = ffi.cast("amesh_general_name *", C.OPENSSL_sk_value(names, index))
    local kind = KINDS[name.type]
    if kind then found[kind] = ffi.string(C.ASN1_STRING_get0_data(name.value), C.ASN1_STRING_length(name.value)) end
  end
  C.GENERAL_NAMES_free(names)
  return found
end

function _M:digest()
  local digest, size = ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]")
  if C.X509_digest(self.certificate, C.EVP_sha256(), digest, size) ~= 1 then return nil, "no digest" end
  return ffi.string(digest, size[0])
end

return _M
