"""The same resources and the same requests for a real APISIX and a real Envoy: what do application and client see?"""

import collections
import itertools
import os
import socket
import tempfile
import unittest

from library import cases_answers, cases_forwarding, cases_matching, istio_shapes as shapes
from library.ads import ADSServer
from library.beside import CALLER, BesideEnvoy
from library.cases import EMPTY, HTTP2, MIRROR, REFUSING, V1, V2
from library.exchange import Recorder, exchange
from library.sidecar import OUTSIDE, POD, Pod, run
from peers.process import free_port, wait_until

CASES = [*cases_matching.CASES, *cases_forwarding.CASES, *cases_answers.CASES]
ADDRESSES = {V1: "10.0.1.1:9080", V2: "10.0.1.2:9080", MIRROR: "10.0.1.3:9080"}
NOBODY_LISTENS = "10.0.1.1:9079"
SERVICE, APPLICATION = "240.0.0.10", 8080
# What a proxy says of itself, of the connection and of how a message is framed; bodies are compared without their frames.
OWN = {
    "connection", "content-length", "date", "keep-alive", "server", "te", "transfer-encoding", "x-apisix-upstream-status",
    "x-envoy-attempt-count", "x-envoy-expected-rq-timeout-ms", "x-envoy-internal", "x-envoy-original-host",
    "x-envoy-original-path", "x-envoy-upstream-service-time", "x-forwarded-for", "x-forwarded-proto", "x-real-ip",
    "x-request-id", "x-trace",
}  # fmt: skip


class RecordingPod(Pod):
    def serve(self, peer, tls=None):
        self.servers.append(Recorder(peer, self.seen))

    def connect_from(self, source, host, port):
        """A connection of another Pod."""
        made = []
        self.there(lambda: made.append(socket.create_connection((host, port), 10, (source, 0))))
        return made[0]


def mesh(both):
    """All resources, and the ports of cases that have a listener of their own. `both`: a port that speaks HTTP/2 too."""
    shared, alone, ports = [], [], {}
    for number, case in enumerate(case for case in CASES if not case.is_inbound):
        if case.is_alone:
            ports[case.name] = 9300 + number
            alone.append(shapes.outbound(9300 + number, **(case.manager or {})))
            alone.append(shapes.routes(9300 + number, [case.virtual_host], **(case.configuration or {})))
        else:
            shared.append(case.virtual_host)
    clusters = {**ADDRESSES, REFUSING: NOBODY_LISTENS, EMPTY: None, HTTP2: f"127.0.0.1:{both}"}
    for name, address in clusters.items():
        alone.append(shapes.cluster(name, speaks_http2=name == HTTP2))
        alone.append(shapes.assignment(name, *([address] if address else [])))
    for name in ("PassthroughCluster", "InboundPassthroughCluster", f"inbound|{APPLICATION}||"):
        alone.append(shapes.cluster(name, "ORIGINAL_DST"))
    resources = [
        *alone, shapes.outbound(80), shapes.routes(80, shared), shapes.virtual_outbound(), shapes.virtual_inbound(APPLICATION),
    ]  # fmt: skip
    return resources, ports


def view(case, response, arrivals):
    """What is compared."""

    def said(headers):
        ignored = OWN.union(case.ignored)
        return sorted((name.lower(), value) for name, value in headers if name.lower() not in ignored)

    seen = {"status": response.status, "headers": said(response.headers), "body": response.body}
    if isinstance(response.status, int) and response.status >= 300 and not arrivals and case.name != "direct":
        # An answer of the proxy's own is told in its own words.
        seen["body"], seen["headers"] = b"", [header for header in seen["headers"] if header[0] != "content-type"]
    for number, arrival in enumerate(sorted(arrivals, key=lambda arrival: arrival.at)):
        seen[f"arrival {number}"] = (arrival.at, arrival.method, arrival.target, arrival.body)
        seen[f"headers of arrival {number}"] = said(arrival.headers)
    return seen


def differences(envoy, apisix):
    lines = []
    for name in sorted(envoy.keys() | apisix.keys()):
        one, other = envoy.get(name), apisix.get(name)
        if one == other:
            continue
        if name.startswith("headers") and one is not None and other is not None:
            counts = collections.Counter(one), collections.Counter(other)
            one, other = list(counts[0] - counts[1]), list(counts[1] - counts[0])
        lines.append(f"{name}: Envoy {str(one)[:300]}, APISIX {str(other)[:300]}")
    return lines


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="differential-")
        cls.addClassCleanup(holder.cleanup)
        both = free_port()
        resources, cls.ports = mesh(both)
        captured = [80, *cls.ports.values()]
        cls.pod = RecordingPod(holder.name, ADDRESSES.values(), ports=captured, application=(APPLICATION,))
        cls.addClassCleanup(cls.pod.stop)
        run("ip", "-n", cls.pod.peer, "addr", "add", f"{CALLER}/24", "dev", "eth0")
        cls.envoy = BesideEnvoy(holder.name)
        cls.addClassCleanup(cls.envoy.stop)
        cls.envoy.start(*resources, shapes.http2_server(both, V1))
        problems = cls.envoy.rejected()
        assert not problems, f"{problems}\n{cls.envoy.child.output(60)[-2000:]}"
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*resources)
        cls.pod.start(cls.ads.address)
        cls.traces = itertools.count()
        first = CASES[0]
        for through in (cls.envoy, None):
            wait_until(lambda: cls.ask(first, first.requests[0], through)["status"] == 200, 30, "the mesh's routes")

    @classmethod
    def connect(cls, case, envoy):
        if case.is_inbound:
            return cls.pod.connect_from(CALLER if envoy else OUTSIDE, POD, APPLICATION)
        port = cls.ports.get(case.name, 80)
        return envoy.connect(SERVICE, port) if envoy else socket.create_connection((SERVICE, port), timeout=10)

    @classmethod
    def ask(cls, case, request, envoy):
        """envoy: None for APISIX."""
        trace, before = str(next(cls.traces)), len(cls.pod.seen)
        with cls.connect(case, envoy) as connection:
            response = exchange(connection, request.encoded(case.domain, f"X-Trace: {trace}"), request.method)

        def arrived():
            return [arrival for arrival in cls.pod.seen[before:] if arrival.trace == trace]

        if case.name == "mirrored":
            wait_until(lambda: len(arrived()) == 2, 5, "the mirrored request")
        return view(case, response, arrived())

    def check(self, cases):
        compared = 0
        for case in cases:
            for request in case.requests:
                with self.subTest(case=case.name, request=str(request)):
                    found = differences(self.ask(case, request, self.envoy), self.ask(case, request, None))
                    compared += 1
                    if request.limit:
                        self.assertTrue(found, f"{case.name}: {request}: both are the same now, {request.limit}")
                    else:
                        self.assertEqual(found, [], f"{case.name}: {request}")
        # A comparison of little is none.
        self.assertGreater(compared, 50)

    def test_matching(self):
        """A request takes the same route, and leads to the same endpoint"""
        self.check(cases_matching.CASES)

    def test_forwarding(self):
        """The application sees the same of a request, and the client of its answer"""
        self.check(cases_forwarding.CASES)

    def test_answers(self):
        """What a proxy answers by itself is the same: faults, redirects, timeouts, CORS, failures"""
        self.check(cases_answers.CASES)
