"""In APISIX's place: makes of what the library has written a configuration of nginx, and loads it at each change.

APISIX reads the dictionaries in Lua and needs no reload; what of that can be shown without it stands here and in lua/.
TLS is nginx's own on both sides: certificates, whom to trust and the name to verify are what the library wrote.
"""

import json
import pathlib

from library.configured import configuration

from .network import HAS_IPV6

_HERE = pathlib.Path(__file__).resolve().parent
_LUA = [_HERE.parents[2] / "manifests" / "sidecar", _HERE.parent / "lua", _HERE.parents[1] / "Library" / "library" / "lua"]

_HTTP = """
lua_package_path "{packages};;";
lua_shared_dict prometheus-metrics 1m;
# As APISIX has it.
underscores_in_headers on;
init_by_lua_block {{ sidecar = require("sidecar").load("{objects}") }}
upstream endpoints {{
  server 0.0.0.1;
  balancer_by_lua_block {{ sidecar.connect() }}
}}
server {{
  {listening}
  {inbound}
  set $amesh_tls_name "";
  set $amesh_source "";
  set $scheme_there http;
  set $certificate_there "";
  set $key_there "";
  set $handed_on "";
  location / {{
    access_by_lua_block {{ sidecar.access() }}
    proxy_pass $scheme_there://endpoints;
    proxy_set_header Host $http_host;
    proxy_http_version 1.1;
    proxy_bind $amesh_source;
    proxy_set_header Connection "";
    proxy_ssl_certificate $certificate_there;
    proxy_ssl_certificate_key $key_there;
    proxy_ssl_session_reuse off;
    {outbound}
  }}
  location @grpc_pass {{
    access_by_lua_block {{ sidecar.grpc_access() }}
    grpc_pass $scheme_there://endpoints;
    grpc_set_header Host $http_host;
    grpc_bind $amesh_source;
    grpc_ssl_certificate $certificate_there;
    grpc_ssl_certificate_key $key_there;
    grpc_ssl_session_reuse off;
    {outbound_grpc}
  }}
}}
server {{
  listen 127.0.0.1:15022;
  location = /apisix/prometheus/metrics {{
    content_by_lua_block {{ require("apisix.plugins.prometheus.exporter").print() }}
  }}
}}
"""

_INBOUND = """{listening}
    ssl_certificate {folder}/own.pem;
    ssl_certificate_key {folder}/own.key;
    ssl_client_certificate {folder}/clients.pem;
    ssl_verify_client on;
    ssl_verify_depth {depth};
    ssl_session_cache off;
    ssl_session_tickets off;"""
_OUTBOUND = """proxy_ssl_trusted_certificate {folder}/bundle.pem;
      proxy_ssl_verify on;
      proxy_ssl_verify_depth 4;
      proxy_ssl_name $amesh_tls_name;
      proxy_ssl_server_name on;"""


def _listening(*ports):
    """Of both families, where there are two."""
    places = ["", "[::]:"] if HAS_IPV6 else [""]
    return "\n    ".join(f"listen {place}{port};" for port in ports for place in places)


def lua(value):
    """A value of JSON as Lua writes it; a text of JSON is one of Lua's but for characters beyond ASCII."""
    if isinstance(value, dict):
        return "{" + ",".join(f"[{lua(key)}]={lua(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(lua, value)) + "}"
    return json.dumps(value) if value is not None else "nil"


class Reader:
    """Each configuration has a folder of its own: nothing of it changes once nginx knows of it.

    http2: that is what the application sends; Debian's nginx can't take both in plaintext, as APISIX can.
    """

    def __init__(self, folder, http2=False):
        self._http2 = " http2" if http2 else ""
        self.folder = pathlib.Path(folder)
        self.configuration = self.folder / "nginx.conf"
        self.count = 0

    def take(self, objects):
        """objects: key → JSON, as the library wrote it."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        objects = {key: json.loads(value) for key, value in objects.items()}
        inbound = self._inbound(folder, objects.get("/ssls/amesh"))
        outbound = self._outbound(folder, objects.get("/plugin_metadata/amesh-mtls", {}).get("bundle"))
        for key, value in objects.items():
            if key.startswith("/upstreams/") and "tls" in value:
                value["certificate"] = str(self._write(folder / f"{value['id']}.pem", value["tls"]["client_cert"]))
                value["key"] = str(self._write(folder / f"{value['id']}.key", value["tls"]["client_key"]))
        read = self._write(folder / "objects.lua", f"return {lua(objects)}")
        http = _HTTP.format(
            packages=";".join(f"{path}/?.lua" for path in _LUA), objects=read,
            inbound=inbound, outbound=outbound, outbound_grpc=outbound.replace("proxy_ssl_", "grpc_ssl_"),
            listening=_listening(f"19080{self._http2}", "19081"),
        )  # fmt: skip
        new = self._write(self.folder / "nginx.new", configuration(self.folder, http, workers=2))
        new.replace(self.configuration)

    def _inbound(self, folder, certificate):
        """What comes in by mutual TLS, once there is a certificate."""
        if not certificate:
            return ""
        self._write(folder / "own.pem", certificate["cert"])
        self._write(folder / "own.key", certificate["key"])
        self._write(folder / "clients.pem", certificate["client"]["ca"])
        return _INBOUND.format(listening=_listening("19443 ssl http2"), folder=folder, depth=certificate["client"]["depth"])

    def _outbound(self, folder, bundle):
        if not bundle:
            return ""
        self._write(folder / "bundle.pem", bundle)
        return _OUTBOUND.format(folder=folder)

    @staticmethod
    def _write(path, text):
        path.write_text(text, encoding="utf-8")
        return path
