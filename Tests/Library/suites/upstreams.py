"""The sidecar's plugin in Lua that looks after upstreams: how many requests may be under way, whom TLS trusts."""

import signal

from library.limited import LimitedSidecar
from library.retried import RetryingSidecar
from library.suite import Suite

LIMIT = 4


class Upstreams(Suite):
    def sidecar(self):
        sidecar = LimitedSidecar(self.folder / "sidecar", LIMIT)
        self.addCleanup(sidecar.stop)
        return sidecar.start()

    def test_limit(self):
        """As many requests are under way as may be, over all workers and all uses of a cluster; more are 503 at once"""
        sidecar = self.sidecar()
        first, threads = sidecar.hold("one", LIMIT - 1)
        second, more = sidecar.hold("other", 1)
        for upstream in ("one", "other"):
            answer = sidecar.ask(f"/?upstream={upstream}")
            self.assertEqual((answer.status, answer.getheader("x-envoy-overloaded")), (503, "true"))
            self.assertIn("overflow", answer.body)
        self.assertEqual(sidecar.ask("/?upstream=free").status, 200)
        sidecar.go(threads + more)
        self.assertEqual([answer.status for answer in first + second], [200] * LIMIT)

    def test_again(self):
        """What has ended, or was refused, counts no more"""
        sidecar = self.sidecar()
        for _ in range(3):
            self.assertEqual({sidecar.ask("/?upstream=one").status for _ in range(20)}, {200})
        answers, threads = sidecar.hold("one", LIMIT)
        self.assertEqual({sidecar.ask("/?upstream=one").status for _ in range(20)}, {503})
        sidecar.go(threads)
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual({sidecar.ask("/?upstream=one").status for _ in range(20)}, {200})

    def test_killed(self):
        """What a killed worker had under way goes with it"""
        sidecar = self.sidecar()
        answers, threads = sidecar.hold("one", LIMIT)
        self.assertEqual(sidecar.ask("/?upstream=one").status, 503)
        sidecar.kill_workers(signal.SIGKILL)
        for thread in threads:
            thread.join(20)
        self.assertTrue(all(isinstance(answer, Exception) for answer in answers))
        again, threads = sidecar.hold("one", LIMIT)
        self.assertEqual(sidecar.ask("/?upstream=one").status, 503)
        sidecar.go(threads)
        self.assertEqual({answer.status for answer in again}, {200})

    def test_trust(self):
        """A server is verified by the authorities that are named, over connections of its own; or there is none"""
        sidecar = self.sidecar()
        (self.folder / "sidecar" / "authorities.pem").write_text(
            f"# ours\n{sidecar.certificate}", encoding="utf-8"
        )
        digest = "[0-9a-f]{32}"
        for upstream, answer in [
            ("verified", f"2 true outside.example verified for verified as outside.example by {digest} 1"),
            ("filed", f"1 true  verified for filed as  by {digest} 1"),
            ("named", "0 nil outside.example asked for as outside.example 1"),
            ("free", "0 nil  none 1"),
        ]:
            with self.subTest(upstream=upstream):
                self.assertRegex(sidecar.ask(f"/tls?upstream={upstream}").body.strip(), f"^{answer}$")
        for upstream in ("broken", "empty"):
            self.assertEqual(sidecar.ask(f"/tls?upstream={upstream}").status, 503)

    def test_early(self):
        """An upstream whose server has to be verified waits for the authorities by which"""
        sidecar = self.sidecar()
        self.assertEqual(sidecar.ask("/tls?upstream=verified").status, 200)
        self.assertEqual(sidecar.ask("/tls?upstream=early").status, 503)

    def test_missing_file(self):
        """Where authorities can't be read, nothing is trusted"""
        self.assertEqual(self.sidecar().ask("/tls?upstream=filed").status, 503)

    def test_grpc(self):
        """What is set for a request of gRPC holds where APISIX sends it on"""
        sidecar = self.sidecar()
        self.assertEqual(sidecar.ask("/grpc?upstream=verified").body.strip(), "2 true outside.example")
        self.assertEqual(sidecar.ask("/grpc?upstream=free").body.strip(), "0 nil")

    def test_retries(self):
        """A 503 is tried again where a route has retries and the method may be repeated; the last answer is the client's"""
        sidecar = RetryingSidecar(self.folder / "sidecar")
        self.addCleanup(sidecar.stop)
        sidecar.start()
        self.assertEqual(sidecar.ask("/?retries=1"), (200, "the second says yes"))
        self.assertEqual(sidecar.ask("/no?retries=1"), (503, "the second says no"))
        self.assertEqual(sidecar.ask("/?retries=0"), (503, "the first says no"))
        self.assertEqual(sidecar.ask("/?retries=1", "POST"), (503, "the first says no"))
