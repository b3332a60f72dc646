"""Control planes that misbehave: the last good configuration stays, and the next good one arrives."""

import json

import grpc

from library import mesh
from library.ads import _ORDER, CLUSTER, ENDPOINTS, ADSServer
from library.raw import Raw
from library.suite import Suite
from peers.process import LOOPBACK, wait_until
from suites.trust import Authority


class _Cutting(ADSServer):
    """Breaks the stream after a number of messages, of both sides."""

    left = None

    def cut_after(self, messages):
        with self.lock:
            self.left = messages

    def _count(self):
        with self.lock:
            if self.left is None:
                return
            self.left -= 1
            if self.left >= 0:
                return
            self.left = None
        self.disconnect()

    def _note(self, stream, request):
        super()._note(stream, request)
        self._count()

    def _serve(self, requests, context, delta):
        for response in super()._serve(requests, context, delta):
            yield response
            self._count()


class _Insistent(ADSServer):
    """Answers each NACK with the same bad resource under a new version."""

    refusals = 0
    most = 300

    def _note(self, stream, request):
        super()._note(stream, request)
        if request.HasField("error_detail") and self.refusals < self.most:
            self.refusals += 1
            self.set_broken(CLUSTER, "service-1")


class _Backwards(ADSServer):
    """Sends users before what they use."""

    def push(self):
        with self.lock:
            for stream in self.streams:
                for type_url in reversed(_ORDER):
                    stream.push(type_url, force=not stream.delta)


class _Guarded(ADSServer):
    """Lets in who has a token that it takes."""

    accepted = frozenset()
    turned_away = 0

    def _serve(self, requests, context, delta):
        if dict(context.invocation_metadata()).get("authorization") not in self.accepted:
            self.turned_away += 1
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token has expired")
        yield from super()._serve(requests, context, delta)


def _text(dump):
    return "".join(dump.objects.values())


class Faults(Suite):
    def test_disconnect(self):
        """A stream that breaks after any number of messages: all arrives with the next, and nothing is lost between"""
        for protocol in ("delta", "sotw"):
            pairs = []
            for messages in range(10):
                server = self.kept(_Cutting())
                server.set(*mesh.service(1))
                server.cut_after(messages)
                pairs.append((server, self.several(server, environment={"AMESH_XDS_PROTOCOL": protocol})))
            for messages, (server, nginx) in enumerate(pairs):
                with self.subTest(protocol=protocol, messages=messages):
                    before = nginx.wait_for(lambda dump: len(dump.objects) >= 2, 30, "objects")
                    server.cut_after(messages % 5)
                    server.set(mesh.cluster("service-1"), mesh.endpoints("service-1", 8099))

                    def changed(dump):
                        self.assertEqual(dump.objects.keys(), before.objects.keys())
                        return "8099" in _text(dump)

                    nginx.wait_for(changed, 30, "the change")
            for server, nginx in pairs:
                nginx.stop()
                server.stop()

    def test_refusals(self):
        """A control plane that sends the same bad resource again and again is answered, and told of once in the log"""
        server = self.kept(_Insistent())
        server.set(*mesh.service(1), *mesh.service(2))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: len(dump.objects) >= 4, 10, "objects")
        server.set_broken(CLUSTER, "service-1")
        wait_until(lambda: server.refusals == server.most, 30, "as many NACKs as it wanted")
        server.set(mesh.endpoints("service-2", 8088))
        after = nginx.wait_for(lambda dump: "8088" in _text(dump), 10, "other changes go on")
        self.assertEqual(after.objects.keys(), before.objects.keys())
        self.assertEqual(nginx.log.read_text().count("resource refused"), 1)

    def test_order(self):
        """Users that come before what they use wait for it, and no worker sees one without the other"""
        server = self.kept(_Backwards())
        server.set(*mesh.service(1))
        nginx = self.nginx(server)
        nginx.wait_for(lambda dump: dump.objects, 20, "objects")

        def whole(dump):
            upstreams = {key.rsplit("/", 1)[1] for key in dump.objects if key.startswith("/upstreams/")}
            for key, value in dump.objects.items():
                wanted = json.loads(value).get("upstream_id")
                self.assertTrue(wanted is None or wanted in upstreams, f"{key} without its upstream")
                if key.startswith("/upstreams/"):
                    self.assertTrue(json.loads(value)["nodes"], f"{key} without endpoints")

        for number in range(2, 8):
            server.set(*mesh.service(number), mesh.routes("9001", f"service-{number}"), push=False)
            server.remove(CLUSTER, f"service-{number - 1}", push=False)
            server.remove(ENDPOINTS, f"service-{number - 1}", push=False)
            server.push()

            def arrived(dump):
                whole(dump)
                return len([key for key in dump.objects if key.startswith("/routes/")]) >= number

            nginx.wait_for(arrived, 20, "the new service")

    def test_strangers(self):
        """Servers that speak something else end nothing, and the next address is taken"""
        server = self.ads(*mesh.service(1))

        def saying(text):
            def answer(connection):
                connection.recv(1024)
                connection.sendall(text)
                connection.close()

            return self.kept(Raw(answer))

        strangers = [
            self.kept(Raw(lambda connection: connection.close())),
            saying(b""),
            saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            saying(bytes(range(256)) * 40),
            # A header of a frame that is longer than it may be; the end of an HTTP/2 connection.
            saying(b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"),
            saying(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + b"\x00" * 8),
        ]
        for nginx in [self.several(stranger, server) for stranger in strangers]:
            nginx.wait_for(lambda dump: dump.objects, 30, "objects")

    def test_plain_text(self):
        """A server without TLS is not taken for one that has it"""
        server = self.ads(*mesh.service(1))
        roots = self.folder / "roots.pem"
        roots.write_bytes(Authority().pem())
        nginx = self.nginx(f"grpcs://{LOOPBACK}:{server.port}", environment={"AMESH_ROOT_CERT_FILE": str(roots)})
        wait_until(lambda: "not connected to the control plane" in nginx.errors(), 30, "the log says it")
        self.assertEqual((server.opened, nginx.dump().objects), (0, {}))

    def test_token(self):
        """A token that has expired stops nothing that works; its successor is taken as soon as it is there"""
        authority = Authority()
        roots, token = self.folder / "roots.pem", self.folder / "token"
        roots.write_bytes(authority.pem())
        token.write_text("first")
        server = self.kept(_Guarded(credentials=authority.credentials("istiod.istio-system.svc")))
        server.accepted = {"Bearer first"}
        server.set(*mesh.service(1))
        environment = {
            "AMESH_ROOT_CERT_FILE": str(roots),
            "AMESH_TOKEN_FILE": str(token),
            "AMESH_XDS_SERVER_NAME": "istiod.istio-system.svc",
        }
        nginx = self.nginx(server, environment=environment)
        before = nginx.wait_for(lambda dump: dump.objects, 20, "objects")
        server.accepted = {"Bearer second"}
        server.disconnect()
        wait_until(lambda: server.turned_away >= 2, 20, "it tries again")
        self.assertIn("the token has expired", nginx.errors())
        self.assertEqual(nginx.dump().objects, before.objects)
        token.write_text("second")
        server.set(mesh.endpoints("service-1", 8093))
        nginx.wait_for(lambda dump: "8093" in _text(dump), 30, "news")

    def test_too_large(self):
        """A resource or a response beyond all measure is refused, and what was there stays"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        huge = mesh.cluster("huge")
        huge.alt_stat_name = "x" * (17 << 20)
        server.set(huge, *mesh.service(2))
        refusal = server.wait_for_request(lambda request: request.HasField("error_detail"), seconds=60, what="a NACK")
        self.assertIn('Cluster "huge"', refusal.error_detail.message)
        between = nginx.wait_for(lambda dump: len(dump.objects) > len(before.objects), 20, "the rest of the response")
        large = [mesh.cluster(f"large-{number}") for number in range(5)]
        for message in large:
            message.alt_stat_name = "x" * (14 << 20)
        opened = server.opened
        server.remove(CLUSTER, "huge", push=False)
        server.set(*large)
        wait_until(lambda: server.opened > opened, 30, "the stream is given up")
        self.assertEqual(nginx.dump().objects, between.objects)
        server.remove(CLUSTER, *[message.name for message in large])
        server.set(mesh.endpoints("service-1", 8094))
        nginx.wait_for(lambda dump: "8094" in _text(dump), 45, "news")
