"""The sidecar's plugin in Lua: where connections were going that the kernel has redirected."""

import os
import unittest

from library.redirected import OTHER_SERVICE, SERVICE, SERVICE_V6, RedirectedSidecar
from library.suite import Suite

LISTENERS = [f"o:{SERVICE}:80", f"o:[{SERVICE_V6}]:80", "o:8080", "o", "i:9000", "i"]


@unittest.skipIf(os.geteuid() != 0, "a network namespace needs root")
class Destination(Suite):
    def sidecar(self, listeners=LISTENERS):
        folder = self.folder / "sidecar"
        folder.mkdir()
        sidecar = RedirectedSidecar(folder, listeners)
        self.addCleanup(sidecar.stop)
        return sidecar.start()

    def test_listener(self):
        """The most precise listener that is listed takes a connection: address and port, port, direction"""
        sidecar = self.sidecar()
        for url, listener in [
            (f"http://{SERVICE}/", f"o:{SERVICE}:80"),
            (f"http://{SERVICE}:8080/", "o:8080"),
            (f"http://{OTHER_SERVICE}/", "o"),
            (f"http://[{SERVICE_V6}]/", f"o:[{SERVICE_V6}]:80"),
            (f"http://[{SERVICE_V6}]:8080/", "o:8080"),
            (f"http://[{SERVICE_V6}]:81/", "o"),
            (f"http://[{SERVICE_V6}]:9000/", "i:9000"),
            (f"http://[{SERVICE_V6}]:9001/", "i"),
        ]:
            with self.subTest(url=url):
                self.assertEqual(sidecar.get(url), listener)

    def test_mapped_address(self):
        """IPv4 over a socket of both families is seen as IPv4"""
        sidecar = self.sidecar([*LISTENERS, f"i:{SERVICE}:9000"])
        self.assertEqual(sidecar.get(f"http://{SERVICE}:9000/"), f"i:{SERVICE}:9000")
        self.assertEqual(sidecar.get(f"http://{OTHER_SERVICE}:9000/"), "i:9000")
        self.assertEqual(sidecar.get(f"http://{SERVICE}:9001/"), "i")

    def test_http2(self):
        """Streams of HTTP/2 have their connection's destination"""
        sidecar = self.sidecar([*LISTENERS, f"i:{SERVICE}:9443"])
        self.assertEqual(sidecar.get(f"http://{SERVICE}:9443/", "--http2-prior-knowledge"), f"i:{SERVICE}:9443")
        scheme = sidecar.get(f"http://{SERVICE}:9443/pass?port=80", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%header{x-scheme}")
        self.assertEqual(scheme, "grpc")

    def test_many_requests(self):
        """One connection's requests all get the same, compiled or not"""
        sidecar = self.sidecar()
        answers = sidecar.get(f"http://{SERVICE}/?[1-2000]").split()
        self.assertEqual(answers, [f"o:{SERVICE}:80"] * 2000)

    def test_unknown_listener(self):
        """What no listener takes has none"""
        sidecar = self.sidecar(["o:8080"])
        self.assertEqual(sidecar.get(f"http://{SERVICE}/"), "nil")

    def test_not_redirected(self):
        """A connection to the sidecar itself has no destination but its direction, and leads nowhere"""
        sidecar = self.sidecar([*LISTENERS, "o:19080", "i:19081"])
        self.assertEqual(sidecar.get("http://127.0.0.1:19080/"), "o")
        self.assertEqual(sidecar.get("http://[::1]:19081/"), "i")
        self.assertEqual(sidecar.status("http://127.0.0.1:19080/pass"), 503)
        self.assertEqual(sidecar.status("http://[::1]:19081/pass"), 503)

    def test_forwarding(self):
        """A request is sent on to where it was going, or to another port there"""
        sidecar = self.sidecar()
        self.assertEqual(sidecar.get(f"http://{SERVICE}/pass"), f"{SERVICE} 80")
        self.assertEqual(sidecar.get(f"http://{SERVICE}/pass?port=8080"), f"{SERVICE} 8080")
        self.assertEqual(sidecar.get(f"http://[{SERVICE_V6}]/pass"), f"{SERVICE_V6} 80")
        self.assertEqual(sidecar.status(f"http://{OTHER_SERVICE}/pass"), 502)
