"""Control planes that say nothing, which only time can tell."""

import json

from library import mesh
from library.ads import ENDPOINTS
from library.raw import Pipe, Raw
from library.suite import Suite


def _text(dump):
    return "".join(dump.objects.values())


class Silence(Suite):
    def test_missing(self):
        """What never comes is waited for a while; then the rest is served"""
        server = self.ads(*mesh.service(1))
        server.silent.add(ENDPOINTS)
        nginx = self.nginx(server)
        found = nginx.wait_for(lambda dump: dump.objects, 30, "all but the endpoints")
        upstreams = [json.loads(value) for key, value in found.objects.items() if key.startswith("/upstreams/")]
        self.assertEqual([upstream["nodes"] for upstream in upstreams], [[]])
        server.silent.clear()
        server.push()
        nginx.wait_for(lambda dump: "8080" in _text(dump), 10, "endpoints")

    def test_half_open(self):
        """A connection that goes dead, or never spoke, is noticed, and the next address is taken"""
        first = self.ads(*mesh.service(1))
        second = self.ads(*mesh.service(1))
        # Under another version than the first has.
        second.set(*mesh.service(1, 8777))
        pipe = self.kept(Pipe(first.port))
        dead = self.kept(Raw(lambda connection: connection.recv(1 << 20)))
        frozen = self.several(pipe, second)
        silent = self.several(dead, second)
        before = frozen.wait_for(lambda dump: "8080" in _text(dump), 10, "objects")
        pipe.freeze()
        self.assertEqual(frozen.dump().objects, before.objects)
        silent.wait_for(lambda dump: "8777" in _text(dump), 25, "objects of the second")
        # Asked whether it lives after 20 seconds, given up after 5 more, and not tried again before the other.
        frozen.wait_for(lambda dump: "8777" in _text(dump), 40, "objects of the second")
