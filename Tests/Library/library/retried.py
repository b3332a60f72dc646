"""nginx that tries again as the sidecar's configuration says, with two endpoints that say no, or the second yes."""

import http.client
import pathlib
import re

from peers.process import LOOPBACK, free_port

from .configured import nginx

_SIDECAR = pathlib.Path(__file__).resolve().parents[3] / "manifests" / "sidecar" / "config.yaml"

_HTTP = """
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
"""


class RetryingSidecar:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        directive = re.search(r"^ *(proxy_next_upstream .*;)$", _SIDECAR.read_text(encoding="utf-8"), re.MULTILINE)
        http = _HTTP.format(
            directive=directive.group(1),
            address=LOOPBACK,
            port=self.port,
            first=free_port(),
            second=free_port(),
        )
        self.child = nginx(self.folder, http)

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
