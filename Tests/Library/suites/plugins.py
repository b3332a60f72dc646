"""What becomes of plugins that a control plane sends, where nobody has judged them before."""

import json

from library import mesh
from library.plugin_server import PluginServer
from library.suite import Suite

# What would break what the mesh vouches for, and what the sidecar says of it.
RESTRICTED = {
    "own": ("amesh-mtls", {}, "amesh-mtls is the mesh's own"),
    "past": ("dubbo-proxy", {}, "past the mesh's mutual TLS"),
    "caller": ("proxy-rewrite", {"headers": {"X-Forwarded-Client-Cert": "a"}}, "x-forwarded-client-cert is for the mesh"),
    "elsewhere": (
        "traffic-split",
        {"rules": [{"weighted_upstreams": [{"upstream": {"nodes": {"192.0.2.1:80": 1}}}]}]},
        "past the mesh's mutual TLS",
    ),
}


class Plugins(Suite):
    def plugins(self, nginx):
        """Of the routes, which are alike."""
        routes = [json.loads(value) for key, value in nginx.dump().objects.items() if key.startswith("/routes/")]
        first, *others = [route.get("plugins", {}) for route in routes]
        self.assertEqual(others, [first] * len(others))
        return first

    def test_restricted(self):
        """What no config may do is on no route, whoever has let it pass, and the control plane is told why"""
        server = self.kept(PluginServer())
        nginx = self.nginx(
            self.ads(*mesh.service(1), *mesh.service(2)), environment={"AMESH_GRPC_SOURCE": server.address}
        )
        refusals = server.send(
            good={"cors": {"max_age": 7}}, **{name: {plugin: settings} for name, (plugin, settings, _) in RESTRICTED.items()}
        )
        self.assertEqual(self.plugins(nginx), {"cors": {"max_age": 7}})
        self.assertEqual(refusals.keys(), RESTRICTED.keys())
        for name, (plugin, _, words) in RESTRICTED.items():
            self.assertIn(f"{plugin} on 2 routes: ", refusals[name])
            self.assertIn(words, refusals[name])
        self.assertEqual(server.send(good={"cors": {"max_age": 7}, "proxy-rewrite": {"headers": {"X-A": "b"}}}), {})
        # What is no rewrite of the path leaves its spelling.
        rewrite = {"headers": {"X-A": "b"}, "use_real_request_uri_unsafe": True}
        self.assertEqual(self.plugins(nginx), {"cors": {"max_age": 7}, "proxy-rewrite": rewrite})
        server.send()
        self.assertEqual(self.plugins(nginx), {})
