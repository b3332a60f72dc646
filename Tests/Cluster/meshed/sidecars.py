"""A sidecar's library inside nginx, fed with resources by an ADS server, with plugins by the control plane."""

import json
import os
import pathlib
import signal
import sys
import time

from peers.process import Child, wait_until

from . import balancer

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Library"))

MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_http_lua_module.so")


def has_library():
    return MODULE.exists() and "LIBXDS" in os.environ


# That its APISIX would have switched on.
PLUGINS = ("cors", "limit-count", "response-rewrite")


class PluginSidecar:
    """who: the Pod's name and token. port: where its plugins come from."""

    def __init__(self, mesh, name, who, port):
        from library.ads import ADSServer
        from library.mesh import service
        from library.nginx import Nginx

        (pod, token), self._mesh = who, mesh
        folder = mesh.folder / name
        folder.mkdir()
        token_file = folder / "token"
        token_file.write_text(token, encoding="utf-8")
        roots = folder / "roots.pem"
        roots.write_text(mesh.bundle(), encoding="utf-8")
        self._ads = ADSServer()
        self._ads.set(*service(1, domain="one.example"), *service(2, domain="two.example"), *service(3))
        namespace, _, pod_name = pod.partition("/")
        self.nginx = Nginx(
            folder / "nginx",
            {
                "AMESH_XDS_SOURCE": self._ads.address,
                "AMESH_APISIX_PLUGINS": ",".join(PLUGINS),
                "AMESH_GRPC_SOURCE": f"https://localhost:{port}",
                "AMESH_TOKEN_FILE": str(token_file),
                "AMESH_ROOT_CERT_FILE": str(roots),
                "POD_NAME": pod_name,
                "POD_NAMESPACE": namespace,
            },
        ).start()

    def close(self):
        self.nginx.stop()
        self._ads.stop()

    def forward(self, port, moment):
        """From that moment on somebody listens there: the control plane, by way of a balancer."""
        time.sleep(max(0, moment - time.monotonic()))
        arguments = [port, *(f"{each.admin_port}:{each.plugin_port}" for each in self._mesh.replicas)]
        return Child(f"late-balancer-{port}", [sys.executable, balancer.__file__, *arguments], self._mesh.folder)

    def wait(self, condition, seconds):
        return self.nginx.wait_for(condition, seconds, "dictionaries as they have to be")

    def wait_for_routes(self, condition, seconds):
        return self._routes(self.wait(lambda dump: condition(self._routes(dump)), seconds))

    def with_plugin(self, name):
        routes = self._routes(self.nginx.dump())
        return {key for key, route in routes.items() if name in route.get("plugins", {})}

    @staticmethod
    def _routes(dump):
        return {key: json.loads(value) for key, value in dump.objects.items() if key.startswith("/routes/")}

    def debug(self, page):
        return json.loads(self.nginx.get(f"/debug/{page}", self.nginx.status_port))

    def _is_settled(self):
        try:
            return self.debug("status")["settled"]
        except OSError:
            # Its port is not open yet.
            return False

    def check_restart(self):
        """Kills the process that has the library, while nobody gives it plugins: none of them is lost meanwhile."""
        wanted = self._routes(self.nginx.dump())
        for replica in self._mesh.replicas:
            os.kill(replica.child.process.pid, signal.SIGSTOP)
        try:
            agent = self.nginx.agent()
            os.kill(agent, signal.SIGKILL)
            wait_until(lambda: self.nginx.agent() not in (None, agent), 20, "a new process has the library")
            wait_until(self._is_settled, 30, "it has a whole configuration")
            assert self._routes(self.nginx.dump()) == wanted, self.nginx.dump().objects
            assert self.debug("plugins")["kept"], self.debug("plugins")
        finally:
            for replica in self._mesh.replicas:
                os.kill(replica.child.process.pid, signal.SIGCONT)
