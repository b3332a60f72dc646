"""gRPC frame by frame: what clients of gRPC never send, and peers that read slowly."""

import contextlib

import h2.exceptions
from envoy.service.discovery.v3 import discovery_pb2

from peers import discovery
from peers.control_plane import TRUST_DOMAIN
from peers.frames import Connection, framed
from peers.process import wait_until
from peers.suite import Suite

FETCH = "/envoy.service.secret.v3.SecretDiscoveryService/FetchSecrets"
STREAM = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets"
SIGN = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
OK, CANCELLED, INVALID, DEADLINE, EXHAUSTED, UNIMPLEMENTED, UNAUTHENTICATED = 0, 1, 3, 4, 8, 12, 16
# HTTP/2's.
CANCEL = 8
# More than one connection of a client may have at a time (identity.limits.streamsPerConnection).
STREAMS = 128


def wanted(*names):
    return discovery.request(list(names)).SerializeToString()


def texts(answer):
    return [discovery_pb2.DiscoveryResponse.FromString(message) for message in answer.messages]


class Frames(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web"])
        cls.token = cls.plane.static_tokens["web"]

    def setUp(self):
        self.connection = self.enterContext(Connection(self.plane))

    def works(self):
        """The connection serves a call as if nothing had been."""
        answer = self.connection.call(FETCH, self.token, wanted("ROOTCA"))
        self.assertEqual((answer.status, len(answer.messages)), (OK, 1))

    def test_pieces(self):
        """A message comes byte by byte, padded or not"""
        for padding in (None, 0, 9):
            stream = self.connection.open(FETCH, self.token)
            message = framed(wanted("ROOTCA"))
            for index in range(len(message)):
                last = index == len(message) - 1
                self.connection.send(stream, message[index : index + 1], end=last, padding=padding)
            answer = self.connection.end_of(stream)
            self.assertEqual(answer.status, OK)
            self.assertEqual(list(discovery.secrets(texts(answer)[0])), ["ROOTCA"])

    def test_end_by_trailers(self):
        """A client ends its side with trailers"""
        stream = self.connection.open(FETCH, self.token)
        self.connection.send(stream, framed(wanted("ROOTCA")))
        self.connection.trailers(stream)
        self.assertEqual(self.connection.end_of(stream).status, OK)

    def test_late_trailers(self):
        """A client ends its side with trailers after the call has ended"""
        stream = self.connection.open(FETCH)
        self.assertEqual(self.connection.end_of(stream).status, UNAUTHENTICATED)
        self.connection.trailers(stream)
        self.works()

    def test_no_grpc(self):
        """What is no gRPC is told so in HTTP's words"""
        for options in ({"method": "GET"}, {"content_type": "text/plain"}, {"content_type": "application/json"}):
            stream = self.connection.open(FETCH, self.token, end=True, **options)
            answer = self.connection.end_of(stream)
            self.assertEqual((answer.headers[":status"], answer.status), ("415", None))
        self.works()

    def test_no_method(self):
        """A method that is not there is UNIMPLEMENTED"""
        for path in ("/", "/x.Y/Z", FETCH + "x", FETCH[1:], "/" + "a" * 4000):
            answer = self.connection.end_of(self.connection.open(path, self.token, end=True))
            self.assertEqual((answer.headers[":status"], answer.status), ("200", UNIMPLEMENTED), path[:60])
        self.works()

    def test_bad_messages(self):
        """A message that is compressed, too long, cut, doubled or missing ends its call and no other"""
        good = framed(wanted("ROOTCA"))
        cases = [
            ("compressed", framed(wanted("ROOTCA"), compressed=1), UNIMPLEMENTED),
            ("too long by its prefix", framed(b"", length=(64 << 10) + 1), EXHAUSTED),
            ("as long as can be said", framed(b"", length=0xFFFFFFFF), EXHAUSTED),
            ("cut in the prefix", good[:3], INVALID),
            ("cut in the message", good[:-1], INVALID),
            ("two", good + good, INVALID),
            ("none", b"", INVALID),
            ("no such message", framed(b"\xff\xff\xff"), INVALID),
        ]
        for path in (FETCH, SIGN):
            for what, data, status in cases:
                with self.subTest(path=path, case=what):
                    stream = self.connection.open(path, self.token)
                    self.connection.send(stream, data, end=True)
                    self.assertEqual(self.connection.end_of(stream).status, status)
        self.works()

    def test_longest_message(self):
        """A message of all that is taken fits into the windows, again and again"""
        padded = discovery.request(["ROOTCA"])
        padded.node.id = "x" * ((64 << 10) - len(padded.SerializeToString()) - 8)
        for _ in range(4):
            answer = self.connection.open(FETCH, self.token)
            message = framed(padded.SerializeToString())
            for start in range(0, len(message), 16000):
                self.connection.send(answer, message[start : start + 16000], end=start + 16000 >= len(message))
            self.assertEqual(self.connection.end_of(answer).status, OK)

    def test_strangers(self):
        """A stranger hears at once that it is none, and when it goes on, that nobody listens"""
        for path in (FETCH, STREAM, SIGN):
            stream = self.connection.open(path)
            answer = self.connection.end_of(stream)
            self.assertEqual(answer.status, UNAUTHENTICATED)
            self.assertIsNone(answer.reset)
            self.connection.send(stream, framed(wanted("ROOTCA")))
            self.connection.read_until(lambda answer=answer: answer.reset is not None)
            self.assertEqual(answer.reset, 0)
            waiting = self.connection.open(path)
            answer = self.connection.end_of(waiting)
            self.connection.read_until(lambda answer=answer: answer.reset is not None)
            self.assertEqual(answer.reset, 0)
        self.works()

    def test_sent_in_vain(self):
        """What a stranger sends after its call has ended takes nothing from the connection's window"""
        for _ in range(8):
            stream = self.connection.open(STREAM)
            self.assertEqual(self.connection.end_of(stream).status, UNAUTHENTICATED)
            for _ in range(12):
                self.connection.send(stream, b"x" * 1000)
        self.works()
        stream = self.connection.open(FETCH, self.token)
        long = discovery.request(["ROOTCA"])
        long.node.id = "x" * 60000
        message = framed(long.SerializeToString())
        for start in range(0, len(message), 16000):
            self.connection.send(stream, message[start : start + 16000], end=start + 16000 >= len(message))
        self.assertEqual(self.connection.end_of(stream).status, OK)

    def test_broken_headers(self):
        """Headers that HTTP/2 forbids end at most their own connection"""
        for header in (("X-Upper", "a"), ("connection", "close"), ("content-length", "1")):
            with Connection(self.plane) as connection:
                stream = connection.open(FETCH, self.token, headers=[header])
                with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
                    connection.send(stream, framed(wanted("ROOTCA")), end=True)
                    connection.end_of(stream)
            self.works()

    def test_deadline(self):
        """A call ends at its client's deadline, and a deadline that is none is refused"""
        stream = self.connection.open(STREAM, self.token, headers=[("grpc-timeout", "200m")])
        self.connection.send(stream, framed(wanted("ROOTCA")))
        answer = self.connection.end_of(stream)
        self.assertEqual((answer.status, len(answer.messages)), (DEADLINE, 1))
        for text in ("", "1", "1x", "-1S", "1234567890S"):
            stream = self.connection.open(STREAM, self.token, headers=[("grpc-timeout", text)], end=True)
            self.assertEqual(self.connection.end_of(stream).status, INVALID, text)
        stream = self.connection.open(STREAM, self.token, headers=[("grpc-timeout", "99999999H")])
        self.connection.send(stream, framed(wanted("ROOTCA")), end=True)
        self.assertEqual(self.connection.end_of(stream).status, OK)

    def test_end_of_stream(self):
        """A stream whose client ends it ends well, and is forgotten, as is one that is reset"""
        for ending in ("end", "reset"):
            stream = self.connection.open(STREAM, self.token)
            self.connection.send(stream, framed(wanted("default")))
            answer = self.connection.answers[stream]
            self.connection.read_until(lambda answer=answer: len(answer.messages) == 1)
            self.assertEqual(self.plane.metric("amesh_identity_streams"), 1)
            if ending == "end":
                self.connection.send(stream, b"", end=True)
                self.assertEqual(self.connection.end_of(stream).status, OK)
            else:
                self.connection.reset(stream)
            wait_until(lambda: self.plane.metric("amesh_identity_streams") == 0, 5, "no stream is left")
        self.works()

    def test_padding(self):
        """What is sent as padding is given back to the windows"""
        stream = self.connection.open(STREAM, self.token)
        self.connection.send(stream, framed(wanted("ROOTCA")))
        for _ in range(1500):
            self.connection.send(stream, framed(wanted("ROOTCA")), padding=255)
        self.connection.send(stream, b"", end=True)
        self.assertEqual(self.connection.end_of(stream).status, OK)

    def test_too_many_streams(self):
        """A connection has as many streams at a time as it may have"""
        # The server's settings are known to it by then.
        self.works()
        streams = [self.connection.open(STREAM, self.token) for _ in range(STREAMS)]
        for stream in streams:
            self.connection.send(stream, framed(wanted("ROOTCA")))
        for stream in streams:
            answer = self.connection.answers[stream]
            self.connection.read_until(lambda answer=answer: len(answer.messages) == 1)
        self.assertTrue(all(self.connection.answers[s].reset is None for s in streams))


class SlowReaders(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web", "cart"])
        cls.token = cls.plane.static_tokens["web"]

    def test_small_window(self):
        """An answer waits for its reader's window, bit by bit, and its end comes last"""
        with Connection(self.plane, window=7, opens_windows=False) as connection:
            stream = connection.open(FETCH, self.token)
            connection.send(stream, framed(wanted("default")), end=True)
            answer = connection.answers[stream]
            connection.read_until(lambda: len(answer.data) == 7)
            self.assertFalse(answer.ended)
            for count in (100, 500, 1 << 16):
                connection.grow(stream, count)
                if count < 1 << 16:
                    connection.read_until(lambda: len(answer.data) >= count)
                    self.assertFalse(answer.ended)
            self.assertEqual(connection.end_of(stream).status, OK)
            self.assertEqual(len(answer.messages), 1)

    def test_never_read(self):
        """A call whose answer nobody reads counts as one until it is given up"""
        with Connection(self.plane, window=0, opens_windows=False) as connection:
            stream = connection.open(STREAM, self.token)
            connection.send(stream, framed(wanted("ROOTCA")), end=True)
            answer = connection.answers[stream]
            connection.read_until(lambda: answer.headers or answer.reset is not None)
            connection.read_until(lambda: answer.reset is not None)
            self.assertEqual((answer.reset, answer.data), (CANCEL, b""))

    def test_early_end(self):
        """What was said before an early end still reaches a slow reader"""
        with Connection(self.plane, window=7, opens_windows=False) as connection:
            stream = connection.open(STREAM, self.token)
            connection.send(stream, framed(wanted("ROOTCA")))
            answer = connection.answers[stream]
            connection.read_until(lambda: len(answer.data) == 7)
            connection.send(stream, framed(b"\xff\xff"))
            connection.grow(stream, 1 << 16)
            connection.end_of(stream)
            self.assertEqual((answer.status, len(answer.messages)), (INVALID, 1))

    def test_not_heard(self):
        """Who does not read is not heard after a while; its other calls are, and it goes on where it was"""
        with Connection(self.plane, window=0, opens_windows=False) as connection:
            stream = connection.open(STREAM, self.token)
            before = self.plane.metric("amesh_identity_pushes_total")
            # Each asks anew for what the one before gave up, so that each has an answer.
            asked = 0
            while connection.room(stream) > 1000:
                connection.send(stream, framed(wanted(("ROOTCA", f"spiffe://{TRUST_DOMAIN}")[asked % 2])))
                asked += 1
            other = connection.open(FETCH, self.plane.static_tokens["cart"])
            connection.grow(other, 1 << 16)
            connection.send(other, framed(wanted("ROOTCA")), end=True)
            self.assertEqual(connection.end_of(other).status, OK)
            self.assertGreater(asked, 500)
            self.assertLess(self.plane.metric("amesh_identity_pushes_total") - before, 100)
            connection.grow(stream, 1 << 30)
            answer = connection.answers[stream]
            connection.read_until(lambda: len(answer.messages) == asked)
            connection.send(stream, b"", end=True)
            self.assertEqual(connection.end_of(stream).status, OK)
