"""nginx with Lua, set up as APISIX sets itself up for the library: two shared dictionaries, and `initial` called once.

Debian's has no privileged agent: worker 0 stands in for it.
"""

import os
import pathlib
import signal
import urllib.request

from peers.process import LOOPBACK, free_port, wait_until

from .configured import nginx


_HTTP = """
lua_shared_dict xds-config {config_size};
lua_shared_dict xds-config-version {version_size};
init_worker_by_lua_block {{
  require "resty.core.shdict"
  if ngx.worker.id() ~= 0 then return end
  local ffi = require "ffi"
  ffi.cdef [[ void initial(void *config_zone, void *version_zone); ]]
  local library = ffi.load("{library}")
  local zone = function(name) return ffi.C.ngx_http_lua_ffi_shdict_udata_to_zone(ngx.shared[name][1]) end
  library.initial(zone("xds-config"), zone("xds-config-version"))
  -- As in APISIX: the handle is nobody's, and is collected.
  library = nil
  collectgarbage()
  collectgarbage()
}}
server {{
  listen {address}:{port};
  location = /dump {{
    content_by_lua_block {{
      local dict = ngx.shared["xds-config"]
      ngx.say("version\\t", tostring(ngx.shared["xds-config-version"]:get("version")))
      ngx.say("worker\\t", ngx.worker.id(), " ", ngx.worker.pid())
      for _, key in ipairs(dict:get_keys(0)) do ngx.say(key, "\\t", (dict:get(key))) end
    }}
  }}
  location = /next {{
    content_by_lua_block {{
      local versions = ngx.shared["xds-config-version"]
      while tostring(versions:get("version")) == ngx.var.arg_version do ngx.sleep(0.001) end
      ngx.say(versions:get("version"))
    }}
  }}
  location = /collect {{ content_by_lua_block {{ collectgarbage() ngx.say("ok") }} }}
  location = /plant {{
    content_by_lua_block {{
      ngx.say(tostring(ngx.shared["xds-config"]:safe_set(ngx.var.arg_key, string.rep("x", tonumber(ngx.var.arg_size)))))
    }}
  }}
  location = /free {{ content_by_lua_block {{ ngx.shared["xds-config"]:delete(ngx.var.arg_key) ngx.say("ok") }} }}
}}
"""


class Dump:
    """What a worker reads in the dictionaries."""

    def __init__(self, text):
        lines = [line.split("\t", 1) for line in text.splitlines()]
        self.version = lines[0][1]
        self.worker, self.pid = map(int, lines[1][1].split())
        self.everything = dict(lines[2:])
        # The anchor, and what the plugins of the sidecar are told, are always there.
        self.objects = {
            key: value for key, value in lines[2:] if not key.endswith(("/amesh", "/amesh-upstream"))
        }  # fmt: skip
        self.has_anchor = any(key == "/plugin_configs/amesh" for key, _ in lines[2:])


class Nginx:
    """prefix: a command that runs nginx, such as one that goes to another network first."""

    def __init__(self, folder, environment, config_size="10m", version_size="1m", prefix=()):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.status_port = free_port()
        self.metrics_port = free_port()
        environment = {
            "STATUS_SERVER_PORT": str(self.status_port),
            "METRICS_SERVER_PORT": str(self.metrics_port),
            "POD_NAME": "cart",
            "POD_NAMESPACE": "shop",
            "POD_IP": "10.9.0.1",
            **environment,
        }
        http = _HTTP.format(
            config_size=config_size,
            version_size=version_size,
            library=os.environ["LIBXDS"],
            address=LOOPBACK,
            port=self.port,
        )
        self.log = self.folder / "error.log"
        self.child = nginx(
            self.folder,
            http,
            workers=2,
            directives="\n".join(f"env {name};" for name in environment),
            prefix=prefix,
            environment=environment,
        )

    def start(self):
        self.child.wait_until(lambda: self._answers(), 20, "answers")
        return self

    def _answers(self):
        try:
            return self.dump()
        except OSError:
            return None

    def get(self, path, port=None):
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port or self.port}{path}", timeout=10) as response:
            return response.read().decode()

    def dump(self):
        return Dump(self.get("/dump"))

    def wait_for(self, condition, seconds, what):
        """Waits until a worker reads what is looked for, and gives back what it reads."""

        def looked():
            try:
                dump = self.dump()
            except OSError:
                return None
            return dump if condition(dump) else None

        try:
            return wait_until(looked, seconds, what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\nobjects: {self.dump().objects}\n{self.errors()}") from None

    def errors(self, lines=40):
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def workers(self):
        """Worker id → process id."""
        found = {}

        def looked():
            dump = self.dump()
            found[dump.worker] = dump.pid
            return len(found) == 2

        wait_until(looked, 20, "both workers answer")
        return found

    def children(self):
        master = self.child.process.pid
        return [int(pid) for pid in pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def agent(self):
        """The process that has loaded the library; there is one."""
        name = os.path.realpath(os.environ["LIBXDS"])
        loaded = []
        for pid in self.children():
            try:
                if name in pathlib.Path(f"/proc/{pid}/maps").read_text():
                    loaded.append(pid)
            except OSError:
                continue
        return loaded[0] if len(loaded) == 1 else None

    def reload(self):
        os.kill(self.child.process.pid, signal.SIGHUP)

    def stop(self):
        if self.child.is_running():
            self.child.process.send_signal(signal.SIGTERM)
            self.child.process.wait(20)
