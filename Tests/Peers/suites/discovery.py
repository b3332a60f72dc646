"""SDS as an independent client sees it: each RPC, over TLS and the Unix socket, in messages that others published."""

import grpc
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from peers import discovery
from peers.calling import channel, over_each_transport, refusal
from peers.certificates import (
    WorkloadFiles,
    certificates,
    fingerprint,
    new_key,
    openssl_verify,
    request,
    same_key,
    uris,
)
from peers.control_plane import TRUST_DOMAIN, identity
from peers.discovery import answer, delta, node
from peers.signing import create_certificate
from peers.suite import Suite

BUNDLE = f"spiffe://{TRUST_DOMAIN}"


class Discovery(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web"])
        cls.token = cls.plane.static_tokens["web"]

    def stream(self, connection, protocol="StreamSecrets"):
        return discovery.Stream(connection, self.token, protocol=protocol)

    def check_identity(self, secret, bundle, key=None):
        """One's own certificate: whose it is, that it belongs to its key, and that it ends in the bundle."""
        chain, private = discovery.chain_and_key(secret)
        leaf, *above = certificates(chain)
        self.assertEqual(uris(leaf), [identity("web")])
        if key:
            self.assertEqual(private, "", "a private key for one who holds it")
        else:
            key = load_pem_private_key(private.encode(), None)
        self.assertTrue(same_key(leaf, key), "certificate and key belong together")
        blocks = _blocks(chain)
        self.assertEqual(len(blocks), 1 + len(above))
        self.assertIsNone(openssl_verify(self.folder, blocks[0], blocks[1:], bundle))
        return leaf

    # State of the world

    @over_each_transport
    def test_stream(self, connection):
        """StreamSecrets: each name gives its secret, and byte for byte nothing else"""
        stream = self.stream(connection)
        secrets = discovery.secrets(stream.ask(discovery.request(["ROOTCA"], described=node())))
        bundle = discovery.roots(secrets["ROOTCA"])
        for name in ("default", identity("web")):
            response = stream.ask(discovery.request([name]))
            secrets = discovery.secrets(response)
            self.assertEqual(list(secrets), [name])
            self.check_identity(secrets[name], bundle)
            self.assertTrue(response.version_info and response.nonce and response.control_plane.identifier)
        secrets = discovery.secrets(stream.ask(discovery.request([BUNDLE])))
        self.assertEqual(discovery.roots(secrets[BUNDLE]), bundle)
        secrets = discovery.secrets(stream.ask(discovery.request(["ALL"])))
        self.assertEqual(discovery.validator(secrets["ALL"]), {TRUST_DOMAIN: bundle})

    @over_each_transport
    def test_answers(self, connection):
        """StreamSecrets: ACK, NACK and stale nonces get no reply; the next change of names does"""
        stream = self.stream(connection)
        first = stream.ask(discovery.request(["ROOTCA"], described=node()))
        stream.send(answer(first, ["ROOTCA"]))
        second = stream.ask(answer(first, ["ROOTCA", BUNDLE]))
        self.assertEqual(list(discovery.secrets(second)), [BUNDLE], "what the ACKs before did not ask for")
        stream.send(answer(second, ["ROOTCA", BUNDLE], error="python does not like it"))
        stream.send(answer(first, ["ROOTCA", "default"]))
        third = stream.ask(answer(second, ["ROOTCA", "ALL"]))
        self.assertEqual(list(discovery.secrets(third)), ["ALL"], "neither the refused nor the stale one's")
        self.assertEqual(len({first.nonce, second.nonce, third.nonce}), 3)

    @over_each_transport
    def test_names_removed(self, connection):
        """StreamSecrets: a name that was given up is told again when it is asked for again; no names ask for nothing"""
        stream = self.stream(connection)
        first = stream.ask(discovery.request(["ROOTCA"], described=node()))
        stream.send(answer(first, []))
        again = stream.ask(answer(first, ["ROOTCA"]))
        self.assertEqual(discovery.secrets(again), discovery.secrets(first))

    @over_each_transport
    def test_reconnect(self, connection):
        """StreamSecrets: a new stream is told what its client has already, as the protocol wants it"""
        stream = self.stream(connection)
        first = stream.ask(discovery.request(["ROOTCA"], described=node()))
        later = self.stream(connection)
        told = later.ask(discovery.request(["ROOTCA"], version=first.version_info, described=node()))
        self.assertEqual(told.version_info, first.version_info)
        self.assertEqual(discovery.secrets(told), discovery.secrets(first))

    @over_each_transport
    def test_own_key(self, connection):
        """StreamSecrets: who sends a request of its own gets a certificate for its key, and no private key"""
        key, next_key = new_key(), new_key("P-384")
        stream = self.stream(connection)
        first = stream.ask(discovery.request(["ROOTCA"], described=node(request(key))))
        response = stream.ask(answer(first, ["ROOTCA", "default"]))
        secrets = discovery.secrets(first) | discovery.secrets(response)
        bundle = discovery.roots(secrets["ROOTCA"])
        leaf = self.check_identity(secrets["default"], bundle, key)
        # A changed node brings a new key.
        ack = answer(response, ["ROOTCA", "default"])
        ack.node.CopyFrom(node(request(next_key)))
        secrets = discovery.secrets(stream.ask(ack))
        self.assertEqual(list(secrets), ["default"])
        self.assertNotEqual(self.check_identity(secrets["default"], bundle, next_key).serial_number, leaf.serial_number)

    # Delta

    @over_each_transport
    def test_delta(self, connection):
        """DeltaSecrets: names added and removed, ACK and NACK, a bundle that does not exist"""
        stream = self.stream(connection, "DeltaSecrets")
        first = stream.ask(delta(["ROOTCA"], described=node()))
        self.assertEqual([r.name for r in first.resources], ["ROOTCA"])
        bundle = discovery.roots(discovery.secrets(first)["ROOTCA"])
        stream.send(delta(nonce=first.nonce))
        second = stream.ask(delta(["default"]))
        self.assertEqual([r.name for r in second.resources], ["default"])
        self.check_identity(discovery.secrets(second)["default"], bundle)
        stream.send(delta(nonce=second.nonce, error="python does not like it"))
        third = stream.ask(delta(["spiffe://elsewhere.example"], remove=["default"]))
        self.assertEqual(list(third.removed_resources), ["spiffe://elsewhere.example"])
        self.assertEqual(len(third.resources), 0)
        fourth = stream.ask(delta(["ALL", "ROOTCA"], nonce=third.nonce))
        self.assertEqual(sorted(r.name for r in fourth.resources), ["ALL", "ROOTCA"], "asked for again, told again")
        self.assertTrue(all(r.version for r in fourth.resources))

    @over_each_transport
    def test_delta_reconnect(self, connection):
        """DeltaSecrets: a new stream is told only what its client does not have"""
        stream = self.stream(connection, "DeltaSecrets")
        first = stream.ask(delta(["ROOTCA", "ALL"], described=node()))
        known = {r.name: r.version for r in first.resources}
        later = self.stream(connection, "DeltaSecrets")
        told = later.ask(delta(["ROOTCA", "ALL", BUNDLE], known=known | {"ALL": "of another time"}, described=node()))
        self.assertEqual(sorted(r.name for r in told.resources), sorted(["ALL", BUNDLE]))

    @over_each_transport
    def test_delta_own_key(self, connection):
        """DeltaSecrets: who sends a request of its own gets a certificate for its key, and no private key"""
        key = new_key("RSA-2048")
        stream = self.stream(connection, "DeltaSecrets")
        first = stream.ask(delta(["ROOTCA"], described=node(request(key))))
        bundle = discovery.roots(discovery.secrets(first)["ROOTCA"])
        self.check_identity(discovery.secrets(stream.ask(delta(["default"])))["default"], bundle, key)

    # Fetch

    @over_each_transport
    def test_fetch(self, connection):
        """FetchSecrets: bundle and certificate, with a key of the server's and of the caller's"""
        bundle = discovery.roots(self._fetched(connection, ["ROOTCA"])["ROOTCA"])
        self.check_identity(self._fetched(connection, ["default"])["default"], bundle)
        key = new_key()
        self.check_identity(self._fetched(connection, ["default"], request(key))["default"], bundle, key)

    def _fetched(self, connection, names, csr=None):
        return discovery.secrets(discovery.fetch(connection, discovery.request(names, described=node(csr)), self.token))

    def test_by_certificate(self):
        """StreamSecrets: who shows its certificate needs no token, and gets its own identity"""
        key = new_key()
        with channel(self.plane, "tls") as connection:
            signed = create_certificate(connection, request(key), self.token)
        files = WorkloadFiles(self.folder, "web", signed.chain_pem, key)
        with channel(self.plane, "tls", files) as connection:
            stream = discovery.Stream(connection)
            bundle = discovery.roots(
                discovery.secrets(stream.ask(discovery.request(["ROOTCA"], described=node())))["ROOTCA"]
            )
            self.check_identity(discovery.secrets(stream.ask(discovery.request(["default"])))["default"], bundle)

    # Refusals

    @over_each_transport
    def test_refused(self, connection):
        """What a caller may not have, and what is no request, ends the stream with the status that says so"""
        others = identity("cart")
        broken = node()
        broken.metadata.update({"amesh.csr": 7})
        cases = [
            ("another's certificate", discovery.request([others]), "PERMISSION_DENIED"),
            ("an unknown name", discovery.request(["kubernetes://credential"]), "PERMISSION_DENIED"),
            ("another type", discovery.request(["default"], type_url="type.googleapis.com/x.Y"), "INVALID_ARGUMENT"),
            ("an empty name", discovery.request([""]), "INVALID_ARGUMENT"),
            ("a long name", discovery.request(["x" * 2049]), "INVALID_ARGUMENT"),
            (
                "many names",
                discovery.request([f"spiffe://td-{number}.example" for number in range(65)]),
                "RESOURCE_EXHAUSTED",
            ),
            ("a request that is none", discovery.request(["default"], described=node("nonsense")), "INVALID_ARGUMENT"),
            ("a request that is a number", discovery.request(["default"], described=broken), "INVALID_ARGUMENT"),
        ]
        for what, message, status in cases:
            with self.subTest(case=what):
                if not message.HasField("node"):
                    message.node.CopyFrom(node())
                with refusal() as refused:
                    self.stream(connection).ask(message)
                self.assertEqual(refused.code, grpc.StatusCode[status], refused.message)
                with refusal() as refused:
                    discovery.fetch(connection, message, self.token)
                self.assertEqual(refused.code, grpc.StatusCode[status], refused.message)

    @over_each_transport
    def test_large_message(self, connection):
        """A large message is refused, and ends no other stream of its connection"""
        large = discovery.request(["default"], version="x" * (64 << 10), described=node())
        another = self.stream(connection)
        first = another.ask(discovery.request(["ROOTCA"], described=node()))
        with refusal() as refused:
            self.stream(connection).ask(large)
        self.assertEqual(refused.code, grpc.StatusCode.RESOURCE_EXHAUSTED, refused.message)
        with refusal() as refused:
            discovery.fetch(connection, large, self.token)
        self.assertEqual(refused.code, grpc.StatusCode.RESOURCE_EXHAUSTED, refused.message)
        self.assertEqual(list(discovery.secrets(another.ask(answer(first, ["ROOTCA", "ALL"])))), ["ALL"])

    def test_fetch_nothing(self):
        """FetchSecrets without names is no request"""
        with channel(self.plane, "socket") as connection, refusal() as refused:
            discovery.fetch(connection, discovery.request(described=node()), self.token)
        self.assertEqual(refused.code, grpc.StatusCode.INVALID_ARGUMENT, refused.message)

    @over_each_transport
    def test_strangers(self, connection):
        """Who shows no token of the mesh gets nothing of any RPC, by either way in"""
        streams = {
            "StreamSecrets": discovery.request(["ROOTCA"], described=node()),
            "DeltaSecrets": delta(["ROOTCA"], described=node()),
        }
        for token in (None, "x" * 43):
            for protocol, message in streams.items():
                with self.subTest(protocol=protocol, token=token):
                    with refusal() as refused:
                        discovery.Stream(connection, token, protocol=protocol).ask(message)
                    self.assertEqual(refused.code, grpc.StatusCode.UNAUTHENTICATED, refused.message)
            with refusal() as refused:
                discovery.fetch(connection, discovery.request(["ROOTCA"], described=node()), token)
            self.assertEqual(refused.code, grpc.StatusCode.UNAUTHENTICATED, refused.message)


class Pushes(Suite):
    """With leaves that end soon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(
            accounts=["web"],
            leaf={"lifetimeSeconds": 10, "maximumSeconds": 10},
            intermediateLifetimeSeconds=60,
            clockSkewSeconds=1,
        )
        cls.token = cls.plane.static_tokens["web"]

    def test_pushes(self):
        """The next certificate comes before the last one ends: another key where the server makes it, else the same"""
        key = new_key()
        with channel(self.plane, "tls") as over_tls, channel(self.plane, "socket") as over_socket:
            made_here = discovery.Stream(over_tls, self.token)
            own = discovery.Stream(over_socket, self.token, protocol="DeltaSecrets")
            first = made_here.ask(discovery.request(["default"], described=node()))
            own_first = own.ask(delta(["default"], described=node(request(key))))
            second = made_here.ask(answer(first, ["default"]))
            own_second = own.ask(delta(nonce=own_first.nonce))
            for before, after in ((first, second), (own_first, own_second)):
                old, new = (_leaf(response) for response in (before, after))
                self.assertNotEqual(fingerprint(old), fingerprint(new))
                self.assertLess(new.not_valid_before_utc, old.not_valid_after_utc)
                self.assertGreater(new.not_valid_after_utc, old.not_valid_after_utc)
            keys = [discovery.chain_and_key(discovery.secrets(r)["default"])[1] for r in (first, second)]
            self.assertNotEqual(*keys)
            self.assertTrue(same_key(_leaf(own_second), key))


class Expiry(Suite):
    """With streams that go on for a second only when their token has expired."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(limits={"streamSeconds": 1})

    def test_stream_ends_with_token(self):
        """A stream ends soon after its token has expired, and goes on with a fresh one where it was"""
        with channel(self.plane, "tls") as connection:
            short = self.plane.service_account_token("web", age=60, lifetime=63)
            stream = discovery.Stream(connection, short, protocol="DeltaSecrets")
            first = stream.ask(delta(["ROOTCA"], described=node()))
            with refusal() as refused:
                stream.receive()
            self.assertEqual(refused.code, grpc.StatusCode.UNAVAILABLE, refused.message)
            known = {resource.name: resource.version for resource in first.resources}
            fresh = self.plane.service_account_token("web")
            again = discovery.Stream(connection, fresh, protocol="DeltaSecrets")
            told = again.ask(delta(["ROOTCA", "default"], known=known, described=node()))
            self.assertEqual([resource.name for resource in told.resources], ["default"])


class Strict(Suite):
    """A mesh that makes no keys for others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web"], serverGeneratedKeys="deny")

    def test_no_server_keys(self):
        """A mesh may make no keys: who sends no request is refused, who sends one is served, bundles are for all"""
        token = self.plane.static_tokens["web"]
        with channel(self.plane, "socket") as connection:
            with refusal() as refused:
                discovery.fetch(connection, discovery.request(["default"], described=node()), token)
            self.assertEqual(refused.code, grpc.StatusCode.PERMISSION_DENIED, refused.message)
            key = new_key()
            response = discovery.fetch(connection, discovery.request(["default"], described=node(request(key))), token)
            self.assertTrue(same_key(_leaf(response), key))
            discovery.fetch(connection, discovery.request(["ROOTCA"], described=node()), token)


def _leaf(response):
    return certificates(discovery.chain_and_key(discovery.secrets(response)["default"])[0])[0]


def _blocks(text):
    end = "-----END CERTIFICATE-----\n"
    return [block + end for block in text.split(end) if block]
