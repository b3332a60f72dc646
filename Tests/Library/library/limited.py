"""nginx with the plugin that looks after upstreams, as APISIX calls it: two workers, and endpoints that take their time."""

import http.client
import os
import pathlib
import threading

from peers.process import LOOPBACK, free_port, wait_until

from .configured import nginx
from .identity import Authority

_PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "manifests" / "sidecar"

_HTTP = """
lua_package_path "{plugins}/?.lua;{stand_ins}/?.lua;;";
lua_shared_dict amesh-upstream 1m;
lua_shared_dict test 1m;
init_by_lua_block {{
  package.preload["apisix.amesh.nobody"] = function() return function() return "certificate", "key" end end
  core = require "apisix.core"
  limits = require "apisix.plugins.amesh-upstream"
  CERTIFICATE = [[{certificate}]]
  require("apisix.plugin").set_metadata("amesh-upstream", {{ upstreams = {{
    one = {{ key = "cluster", requests = {requests} }},
    other = {{ key = "cluster", requests = {requests} }},
    verified = {{ tls = {{ name = "outside.example", authorities = CERTIFICATE .. CERTIFICATE }} }},
    filed = {{ tls = {{ file = "{folder}/authorities.pem" }} }},
    broken = {{ tls = {{ name = "outside.example", authorities = CERTIFICATE:gsub("%-%-%-%-%-\\n", "%0BROKEN", 1) }} }},
    empty = {{ tls = {{ authorities = "" }} }},
    named = {{ tls = {{ name = "outside.example" }} }},
  }} }})
}}
init_worker_by_lua_block {{ limits.init() }}
server {{
  # Each worker has connections of its own.
  listen {address}:{port} reuseport;
  location / {{
    access_by_lua_block {{
      local ctx = core.ctx.new()
      ngx.ctx.api_ctx = ctx
      ctx.matched_upstream = {{ id = ngx.var.arg_upstream }}
      for _ = 1, 3 do
        local status, body = limits.before_proxy({{}}, ctx)
        if status then
          ngx.status = status
          ngx.print(body)
          return ngx.exit(status)
        end
      end
    }}
    content_by_lua_block {{
      ngx.shared.test:incr("arrived", 1, 0)
      while ngx.var.arg_wait and not ngx.shared.test:get("go") do ngx.sleep(0.01) end
      ngx.say(ngx.worker.pid())
    }}
    log_by_lua_block {{ limits.log({{}}, ngx.ctx.api_ctx) }}
  }}
  location /tls {{
    set $amesh_tls_name "";
    content_by_lua_block {{
      local ctx = core.ctx.new()
      ctx.matched_upstream = {{ id = ngx.var.arg_upstream }}
      ctx.upstream_conf = {{
        scheme = "https", nodes = {{ {{ host = "127.0.0.1" }} }},
        labels = ngx.var.arg_verified and {{ ["amesh-verified"] = "true" }},
      }}
      local status = limits.before_proxy({{}}, ctx)
      if status then return ngx.exit(status) end
      local shown = {{ #(ngx.ctx.trusted_store or {{}}), ngx.ctx.certificate and ngx.ctx.verify, ngx.var.amesh_tls_name }}
      local tls = ctx.upstream_conf.tls
      ngx.say(shown[1], " ", tostring(shown[2]), " ", shown[3], " ", tls and tls.client_cert or "none", " ", #ctx.upstream_conf.nodes)
    }}
  }}
  location /grpc {{
    set $amesh_tls_name "";
    access_by_lua_block {{
      CONTEXT = core.ctx.new()
      CONTEXT.matched_upstream = {{ id = ngx.var.arg_upstream }}
      CONTEXT.upstream_conf = {{ scheme = "grpcs", nodes = {{}} }}
      limits.before_proxy({{}}, CONTEXT)
      ngx.exec("@grpc")
    }}
  }}
  location @grpc {{
    access_by_lua_block {{
      assert(not ngx.ctx.verify)
      local status = require("apisix.upstream").set_grpcs_upstream_param(CONTEXT)
      if status then return ngx.exit(status) end
    }}
    content_by_lua_block {{ ngx.say(#(ngx.ctx.trusted_store or {{}}), " ", tostring(ngx.ctx.certificate and ngx.ctx.verify), " ", ngx.var.amesh_tls_name) }}
  }}
  location = /arrived {{ content_by_lua_block {{ ngx.print(ngx.shared.test:get("arrived") or 0) }} }}
  location = /go {{ content_by_lua_block {{ ngx.shared.test:set("go", true) }} }}
}}
"""


class LimitedSidecar:
    def __init__(self, folder, requests):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.certificate = Authority("outside").pem.decode()
        http = _HTTP.format(
            folder=self.folder,
            plugins=_PLUGINS,
            stand_ins=pathlib.Path(__file__).resolve().parent / "lua",
            address=LOOPBACK,
            port=self.port,
            requests=requests,
            certificate=self.certificate,
        )
        self.child = nginx(self.folder, http, workers=2)

    def start(self):
        self.child.wait_until(self._answers, 20, "answers")
        return self

    def _answers(self):
        try:
            return self.ask("/arrived").status == 200
        except OSError:
            return False

    def ask(self, path):
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.body = response.read().decode()
            return response
        finally:
            connection.close()

    def hold(self, upstream, count):
        """Requests that wait until all go on; what becomes of them is in the list then."""
        arrived = int(self.ask("/arrived").body)
        answers = []

        def held():
            try:
                answers.append(self.ask(f"/?upstream={upstream}&wait=1"))
            except (OSError, http.client.HTTPException) as problem:
                answers.append(problem)

        threads = [threading.Thread(target=held) for _ in range(count)]
        for thread in threads:
            thread.start()
        wait_until(lambda: int(self.ask("/arrived").body) + len(answers) >= arrived + count, 20, "all have arrived")
        return answers, threads

    def go(self, threads):
        self.ask("/go")
        for thread in threads:
            thread.join(20)

    def workers(self):
        master = self.child.process.pid
        return [int(pid) for pid in pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def kill_workers(self, signal):
        before = self.workers()
        for worker in before:
            os.kill(worker, signal)
        wait_until(lambda: len(set(self.workers()) - set(before)) == 2, 20, "others have taken their place")
        wait_until(self._answers, 20, "they answer")

    def stop(self):
        self.child.stop()
