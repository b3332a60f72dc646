"""nginx with the sidecar's plugin, in a network namespace whose connections are redirected to it."""

import atexit
import itertools
import os
import pathlib
import subprocess

from .configured import nginx

_PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "manifests" / "sidecar"
_numbers = itertools.count()
PROXY = 1337
SERVICE, OTHER_SERVICE, SERVICE_V6 = "10.96.0.10", "10.96.0.11", "fd96::10"

_HTTP = """
lua_package_path "{plugins}/?.lua;{stand_ins}/?.lua;;";
init_by_lua_block {{
  core, upstream = require "apisix.core", require "apisix.upstream"
  amesh = require "apisix.plugins.amesh"
  require("apisix.plugin").set_listeners {{ {listeners} }}
  require("apisix.plugin").set_paths {{
    ["o:8080"] = {{ normalises = true, merges_slashes = true }}, o = {{ normalises = true }},
    ["i:9000"] = {{ normalises = true, unescapes_slashes = true }}, i = {{ rejects_escaped_slashes = true }},
  }}
}}
upstream target {{
  server 0.0.0.1;
  balancer_by_lua_block {{
    local node = ngx.ctx.target
    assert(require("ngx.balancer").set_current_peer(node.host, node.port))
  }}
}}
# The sidecar, and the ways that APISIX listens in.
server {{
  listen 19080;
  listen [::]:19080;
  listen [::]:19081 ipv6only=off;
  listen 19444 http2;
  location / {{
    content_by_lua_block {{
      local ctx = core.ctx.new()
      local listener = tostring(ctx.var.amesh_listener)
      if not ngx.var.http_x_path then return ngx.say(listener) end
      ngx.say(tostring(ctx.var.amesh_path), ctx.var.amesh_query or "", " ", rawget(ctx.var, "upstream_uri") or "as it is")
    }}
  }}
  location /replaced {{
    content_by_lua_block {{
      local var = ngx.var
      ngx.print(require("apisix.amesh.path").replaced(var.http_x_text, var.http_x_pattern, var.http_x_template))
    }}
  }}
  location /upgrade {{
    content_by_lua_block {{
      local ctx = core.ctx.new()
      assert(ctx.var.amesh_listener ~= "")
      ngx.print(ctx.var.http_upgrade, ", ", ctx.var.http_connection)
    }}
  }}
  location /fault {{
    content_by_lua_block {{
      local share = {{ numerator = tonumber(ngx.var.arg_share) or 100, denominator = 100 }}
      local vars = ngx.var.arg_only and {{ {{ "http_x_only", "==", ngx.var.arg_only }} }}
      local status, body = amesh.rewrite({{ fault = {{ delay = share, abort = share, vars = vars }} }}, core.ctx.new())
      ngx.status = status or 200
      ngx.print(body or "none")
    }}
  }}
  location /host {{
    content_by_lua_block {{
      local ctx = core.ctx.new()
      amesh.rewrite({{ host = {{ header = "x-host" }} }}, ctx)
      ngx.print(rawget(ctx.var, "upstream_host") or "same")
    }}
  }}
  location /host/of {{
    content_by_lua_block {{
      local ctx = core.ctx.new()
      amesh.rewrite({{ host = {{ pattern = "^/host/of/([^/]+)/.*$", replacement = "${{1}}.example" }} }}, ctx)
      ngx.print(rawget(ctx.var, "upstream_host") or "same")
    }}
  }}
  location /pass {{
    set $amesh_source "";
    proxy_bind $amesh_source;
    access_by_lua_block {{
      local ctx = core.ctx.new()
      local status = amesh.access({{
        upstream = "original-destination", port = tonumber(ngx.var.arg_port),
        retries = tonumber(ngx.var.arg_retries), retry_timeout = tonumber(ngx.var.arg_retries) and 1.5,
      }}, ctx)
      if status then return ngx.exit(status) end
      ngx.ctx.target = ctx.upstream_conf.nodes[1]
      ngx.header["x-scheme"] = ctx.upstream_scheme
      ngx.header["x-pool"] = ctx.upstream_conf.scheme
      ngx.header["x-retries"] = tostring(ctx.upstream_conf.retries) .. " within " .. tostring(ctx.upstream_conf.retry_timeout)
    }}
    proxy_pass http://target$arg_to;
  }}
}}
# Where connections were going.
server {{
  listen {service}:80;
  listen {service}:8080;
  listen {service}:9000;
  listen [{service_v6}]:80;
  listen [{service_v6}]:9000;
  location / {{ return 200 "$server_addr $server_port\\n"; }}
  location /from {{ return 200 "$server_addr $server_port from $remote_addr\\n"; }}
}}
"""


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class RedirectedSidecar:
    """Everything is sent to the sidecar: port 9000 and above as if it came in, the rest as if it went out; but for what
    the proxy's own user sends."""

    def __init__(self, folder, listeners):
        self.folder = pathlib.Path(folder)
        (self.folder / "temp").mkdir()
        self.name = f"amesh-test-plugin-{os.getpid()}-{next(_numbers)}"
        run("ip", "netns", "add", self.name)
        atexit.register(subprocess.run, ["ip", "netns", "del", self.name], capture_output=True)
        self._run("ip", "link", "set", "lo", "up")
        for address in (f"{SERVICE}/32", f"{OTHER_SERVICE}/32", f"{SERVICE_V6}/128"):
            self._run("ip", "addr", "add", address, "dev", "lo")
        for program in ("iptables", "ip6tables"):
            rule = [program, "-w", "-t", "nat", "-A", "OUTPUT", "-p", "tcp"]
            loopback = "127.0.0.0/8" if program == "iptables" else "::1/128"
            own = [*rule, "-m", "owner", "--uid-owner", PROXY]
            # As the injector's rules have it: the proxy's calls to its own Pod come in.
            self._run(*own, "!", "-s", loopback, "!", "-d", loopback, "-o", "lo", "--dport", "9000", "-j", "REDIRECT", "--to-ports", "19081")
            self._run(*own, "-j", "RETURN")
            self._run(*rule, "-m", "multiport", "--dports", "19080,19081,19444", "-j", "RETURN")
            self._run(*rule, "--dport", "9443", "-j", "REDIRECT", "--to-ports", "19444")
            self._run(*rule, "--dport", "9000:65535", "-j", "REDIRECT", "--to-ports", "19081")
            self._run(*rule, "-j", "REDIRECT", "--to-ports", "19080")
        command = ["ip", "netns", "exec", self.name, "setpriv", "--reuid", PROXY, "--regid", PROXY, "--clear-groups"]
        # It may listen on port 80, as the services do.
        self._run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
        for path in (self.folder.parent, self.folder, self.folder / "temp"):
            path.chmod(0o777)
        http = _HTTP.format(
            plugins=_PLUGINS,
            stand_ins=pathlib.Path(__file__).resolve().parent / "lua",
            listeners=", ".join(f'"{name}"' for name in listeners),
            service=SERVICE,
            service_v6=SERVICE_V6,
        )
        self.child = nginx(self.folder, http, prefix=command)

    def start(self):
        self.child.wait_until(lambda: "start worker processes" in self.errors(), 20, "serves")
        return self

    def errors(self):
        log = self.folder / "error.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def get(self, url, *options):
        """The body of a request by somebody in the namespace who is not the proxy."""
        return self._run("curl", "-sS", "--max-time", "20", *options, url).strip()

    def status(self, url):
        return int(self.get(url, "-o", "/dev/null", "-w", "%{http_code}"))

    def _run(self, *command):
        return run("ip", "netns", "exec", self.name, *command)

    def stop(self):
        self.child.stop()
        run("ip", "netns", "del", self.name)
