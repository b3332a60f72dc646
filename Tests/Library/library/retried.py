"""nginx that tries again as the sidecar's configuration says, with two endpoints that say no, or the second yes."""

import http.client
import pathlib
import re

from peers.process import LOOPBACK, Child, free_port

_SIDECAR = pathlib.Path(__file__).resolve().parents[3] / "manifests" / "sidecar" / "config.yaml"
_MODULES = "/usr/lib/nginx/modules"

_CONFIGURATION = """
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
user root;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/temp;
  uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
  {directive}
  upstream target {{
    server 0.0.0.1;
    balancer_by_lua_block {{
      local balancer = require "ngx.balancer"
      ngx.ctx.try = (ngx.ctx.try or 0) + 1
      if ngx.ctx.try == 1 then balancer.set_more_tries(tonumber(ngx.var.arg_retries)) end
      assert(balancer.set_current_peer("{address}", ngx.ctx.try == 1 and {first} or {second}))
    }}
  }}
  server {{ listen {address}:{port}; location / {{ proxy_pass http://target; }} }}
  server {{ listen {address}:{first}; location / {{ return 503 "the first says no"; }} }}
  server {{
    listen {address}:{second};
    location / {{ return 200 "the second says yes"; }}
    location /no {{ return 503 "the second says no"; }}
  }}
}}
"""


class RetryingSidecar:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "temp").mkdir(parents=True)
        self.port = free_port()
        directive = re.search(r"^ *(proxy_next_upstream .*;)$", _SIDECAR.read_text(encoding="utf-8"), re.MULTILINE)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                modules=_MODULES,
                folder=self.folder,
                directive=directive.group(1),
                address=LOOPBACK,
                port=self.port,
                first=free_port(),
                second=free_port(),
            ),
            encoding="utf-8",
        )
        self.child = Child("nginx", ["nginx", "-p", self.folder, "-c", configuration], self.folder)

    def start(self):
        self.child.wait_until(self._answers, 20, "answers")
        return self

    def _answers(self):
        try:
            return self.ask("/?retries=0")
        except OSError:
            return None

    def ask(self, path, method="GET"):
        """Status and body."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=20)
        try:
            connection.request(method, path, body=b"" if method == "POST" else None)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def stop(self):
        self.child.stop()
