"""The sidecar's plugin in Lua: where connections were going that the kernel has redirected."""

import os
import time
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

    def test_path(self):
        """Paths are what Envoy makes of them, as the listener wants it, and go on like that"""
        sidecar = self.sidecar()

        def path(port, target):
            options = ["--globoff", "--path-as-is", "-H", "X-Path: yes"]
            return sidecar.get(f"http://{OTHER_SERVICE if port == 80 else SERVICE}:{port}{target}", *options)

        normalised = {
            "/a/../b?x=/../y": "/b?x=/../y", "/a/./b": "/a/b", "/a/..": "/", "/a/b/..": "/a/", "/a/b/.": "/a/b/",
            "/%61%2Db%7e": "/a-b~", "/a%2fb%20c%3F": "/a%2fb%20c%3F", "/a//b": "/a//b", "/a//../b": "/a/b", "/a\\b": "/a/b",
            "/a%2e%2E/b/%2e%2E/c": "/a../c", '/a"<>|^`{}': "/a%22%3C%3E%7C%5E%60%7B%7D", "/a[b]": "/a[b]", "/..a/.b": "/..a/.b",
            "/a?": "/a?", "/%252e%252e/": "/%252e%252e/",
        }  # fmt: skip
        for target, expected in normalised.items():
            with self.subTest(target=target):
                sent = "as it is" if expected == target else expected
                self.assertEqual(path(80, target), f"{expected} {sent}")
        self.assertEqual(path(8080, "/a///b//"), "/a/b/ /a/b/")
        self.assertEqual(path(9000, "/a%2Fb%5Cc"), "/a/b/c /a/b/c")
        self.assertEqual(path(9001, "/a//../%61"), "/a//../%61 as it is")
        self.assertEqual(path(9001, "/a%2Fb"), "nil as it is")
        fragment = ["-H", "X-Path: yes", "--request-target"]
        self.assertEqual(sidecar.get(f"http://{SERVICE}:80/", *fragment, "/a#b"), "nil as it is")
        self.assertEqual(sidecar.get(f"http://{SERVICE}:80/", *fragment, f"http://{SERVICE}?x"), "/?x /?x")

    def test_replacement(self):
        """A path is rewritten at each place where the expression matches, as Envoy does it"""
        sidecar = self.sidecar()
        for text, pattern, template, expected in [
            ("/abc", "(.*)", "/v1${1}", "/v1/abc"), ("/abc", ".*", "/new", "/new"), ("/foo/foo", "(o+)", "<${1}>", "/f<oo>/f<oo>"),
            ("foo/", "o*", "-", "-f-/-"), ("/a", "^", "/b", "/b/a"), ("/a", "$", "b", "/ab"), ("/ab", "(?<=a)b", "${0}c", "/abc"),
            ("/a", "(a)(b)?", "$$1}${2}${1}", "/$1}a"), ("/a", "z", "y", "/a"),
        ]:  # fmt: skip
            with self.subTest(text=text, pattern=pattern):
                named = [f"X-Text: {text}", f"X-Pattern: {pattern}", f"X-Template: {template}"]
                options = (word for line in named for word in ("-H", line))
                self.assertEqual(sidecar.get(f"http://{SERVICE}/replaced", *options), expected)

    def test_upgrade(self):
        """Only websockets are handed on: behind any other protocol nobody would look"""
        sidecar = self.sidecar()
        for upgrade, expected in [("WebSocket", "WebSocket, Upgrade"), ("h2c", ", "), ("websocket, h2c", ", ")]:
            with self.subTest(upgrade=upgrade):
                named = ["-H", f"Upgrade: {upgrade}", "-H", "Connection: Upgrade"]
                self.assertEqual(sidecar.get(f"http://{SERVICE}/upgrade", *named), expected.strip())

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
        self.assertEqual(sidecar.get(f"http://{SERVICE}/"), "")

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
        # How often APISIX tries again, and for how long, it reads where it reads the address.
        for query, wanted in [("", "nil within nil"), ("?retries=2", "2 within 1.5")]:
            retries = sidecar.get(f"http://{SERVICE}/pass{query}", "-o", "/dev/null", "-w", "%header{x-retries}")
            self.assertEqual(retries.strip(), wanted)

    def test_application(self):
        """What came in goes to the Pod's own address from loopback, which no redirect leads back to the sidecar"""
        sidecar = self.sidecar()
        for host, url, source in [
            (SERVICE, SERVICE, "127.0.0.6"),
            (SERVICE_V6, f"[{SERVICE_V6}]", "::1"),
        ]:
            with self.subTest(host=host):
                self.assertEqual(sidecar.get(f"http://{url}:9000/pass?to=/from"), f"{host} 9000 from {source}")
                self.assertEqual(sidecar.get(f"http://{url}:9001/pass?to=/from&port=9000"), f"{host} 9000 from {source}")
        # Outbound, the kernel chooses.
        self.assertEqual(sidecar.get(f"http://{SERVICE}/pass?to=/from"), f"{SERVICE} 80 from {SERVICE}")

    def fault(self, sidecar, query="", **headers):
        named = [word for name, value in headers.items() for word in ("-H", f"x-{name.replace('_', '-')}: {value}")]
        shown = "%{http_code} %header{grpc-status}"
        return sidecar.get(f"http://{SERVICE}/fault?{query}", *named, "-o", "/dev/null", "-w", shown).strip()

    def test_fault(self):
        """A request gets the fault that it asks for, up to the share that the configuration lets"""
        sidecar = self.sidecar()
        abort, grpc = "envoy_fault_abort_request", "envoy_fault_abort_grpc_request"
        for headers, answer in [
            ({}, "200"),
            ({abort: 418}, "418"),
            ({grpc: 14}, "200 14"),
            ({abort: 503, grpc: 14}, "503"),
            ({abort: 99}, "200"),
            ({abort: 600}, "200"),
            ({abort: "5e2"}, "200"),
            ({abort: 418, "envoy_fault_abort_request_percentage": 0}, "200"),
            ({abort: 418, "envoy_fault_abort_request_percentage": 500}, "418"),
        ]:
            with self.subTest(headers=headers):
                self.assertEqual(self.fault(sidecar, **headers), answer)
        self.assertEqual(self.fault(sidecar, "share=0", **{abort: 418}), "200")
        self.assertEqual(self.fault(sidecar, "only=me", **{abort: 418}), "200")
        self.assertEqual(self.fault(sidecar, "only=me", **{abort: 418, "only": "me"}), "418")
        drawn = sum(self.fault(sidecar, "share=50", **{abort: 418}) == "418" for _ in range(60))
        self.assertTrue(10 <= drawn <= 50, drawn)

    def test_delay(self):
        """A request is held up for as long as it asks"""
        sidecar = self.sidecar()
        began = time.monotonic()
        self.assertEqual(self.fault(sidecar, envoy_fault_delay_request=400, envoy_fault_abort_request=418), "418")
        self.assertGreaterEqual(time.monotonic() - began, 0.4)

    def test_host(self):
        """A host comes from a header or from the path, and from nothing that is no host"""
        sidecar = self.sidecar()
        for path, header, host in [
            ("/host", "x-host: other.example:81", "other.example:81"),
            ("/host", "x-host: no host", "same"),
            ("/host", "x-other: 1", "same"),
            ("/host/of/shop/items", "", "shop.example"),
            ("/host/of/a%0d%0ax:%201/items", "", "same"),
            ("/host/of/x", "", "same"),
        ]:
            with self.subTest(path=path, header=header):
                self.assertEqual(sidecar.get(f"http://{SERVICE}{path}", "-H", header), host)

    def test_pools(self):
        """Connections that came in are not kept with those that go out"""
        sidecar = self.sidecar()
        options = ["-o", "/dev/null", "-w", "%header{x-pool}"]
        self.assertEqual(sidecar.get(f"http://{SERVICE}:9000/pass", *options), "inbound http")
        self.assertEqual(sidecar.get(f"http://{SERVICE}/pass", *options), "http")
