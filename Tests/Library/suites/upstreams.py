"""The sidecar's plugin in Lua that looks after upstreams: how many requests may be under way to a cluster."""

import signal

from library.limited import LimitedSidecar
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
