"""Istio's CSR API and who may call it, over TLS and over the Unix socket."""

import ssl

import grpc

from peers import probes
from peers.calling import TRANSPORTS, channel, over_each_transport, refusal
from peers.certificates import (
    ForeignAuthority,
    WorkloadFiles,
    certificates,
    new_key,
    now,
    openssl_verify,
    request,
    same_key,
    uris,
)
from peers.control_plane import identity
from peers.signing import create_certificate
from peers.suite import Suite
from peers.tokens import TokenSigner

CAP = 7200


class Signing(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web"], leaf={"lifetimeSeconds": 3600, "maximumSeconds": CAP})
        cls.token = cls.plane.static_tokens["web"]

    @over_each_transport
    def test_certificate(self, connection):
        """CreateCertificate: the leaf, each intermediate in an element of its own, last the bundle"""
        for kind in ("P-256", "P-384", "RSA-2048"):
            key = new_key(kind)
            signed = create_certificate(connection, request(key), self.token)
            leaf, *above = (certificates(element) for element in signed.chain)
            self.assertEqual([len(element) for element in (leaf, *above)], [1] * len(signed.chain))
            self.assertTrue(all(element.endswith("-----\n") for element in (*signed.chain, signed.bundle)))
            self.assertEqual(uris(leaf[0]), [identity("web")])
            self.assertTrue(same_key(leaf[0], key))
            self.assertIsNone(openssl_verify(self.folder, signed.chain[0], signed.chain[1:], signed.bundle))

    @over_each_transport
    def test_as_pilot_agent(self, connection):
        """CreateCertificate as Istio's agent calls it: a request for its own name, a lifetime, a cluster's name"""
        token = self.plane.service_account_token("web", "RS256")
        signed = create_certificate(
            connection,
            request(new_key(), [identity("web")]),
            token,
            seconds=1800,
            metadata={"CertSigner": ""},
            headers=[("clusterid", "Kubernetes")],
        )
        leaf = certificates(signed.chain[0])[0]
        self.assertEqual(uris(leaf), [identity("web")])
        self.assertAlmostEqual((leaf.not_valid_after_utc - now()).total_seconds(), 1800, delta=60)

    @over_each_transport
    def test_lifetimes(self, connection):
        """A lifetime is the usual one, the one that was asked for, or the longest, which the answer says"""
        for asked, given, limit in ((0, 3600, None), (-5, 3600, None), (60, 60, None), (10 * CAP, CAP, "cap")):
            with self.subTest(asked=asked):
                signed = create_certificate(connection, request(new_key()), self.token, seconds=asked)
                leaf = certificates(signed.chain[0])[0]
                self.assertAlmostEqual((leaf.not_valid_after_utc - now()).total_seconds(), given, delta=30)
                self.assertAlmostEqual(int(signed.metadata["amesh-lifetime-seconds"]), given, delta=2)
                self.assertEqual(signed.metadata.get("amesh-lifetime-limit"), limit)

    @over_each_transport
    def test_names_asked_for(self, connection):
        """What a request says besides its key counts for nothing: the caller gets its own identity"""
        signed = create_certificate(connection, request(new_key(), [identity("cart"), identity("db")]), self.token)
        self.assertEqual(uris(certificates(signed.chain[0])[0]), [identity("web")])

    @over_each_transport
    def test_impersonation(self, connection):
        """Nobody gets another's identity by asking for it"""
        with refusal() as refused:
            create_certificate(
                connection, request(new_key()), self.token, metadata={"ImpersonatedIdentity": identity("cart")}
            )
        self.assertEqual(refused.code, grpc.StatusCode.PERMISSION_DENIED, refused.message)
        self.assertNotIn("cart", refused.message)

    @over_each_transport
    def test_bad_requests(self, connection):
        """What is no request, or for a key that the caller does not hold or that is weak, is refused with a reason"""
        good = request(new_key())
        lines = good.splitlines()
        middle = len(lines) // 2
        flipped = "A" if lines[middle][5] != "A" else "B"
        forged = "\n".join([*lines[:middle], lines[middle][:5] + flipped + lines[middle][6:], *lines[middle + 1 :], ""])
        cases = [
            ("nothing", ""),
            ("no PEM", "nonsense"),
            ("two requests", good + good),
            ("a changed request", forged),
            ("a weak key", request(new_key("RSA-1024"))),
            ("a long request", good + "\n" * (17 << 10)),
        ]
        for what, csr in cases:
            with self.subTest(case=what):
                with refusal() as refused:
                    create_certificate(connection, csr, self.token)
                self.assertEqual(refused.code, grpc.StatusCode.INVALID_ARGUMENT, refused.message)
        with refusal() as refused:
            create_certificate(connection, good + "\n" * (65 << 10), self.token)
        self.assertEqual(refused.code, grpc.StatusCode.RESOURCE_EXHAUSTED, refused.message)
        create_certificate(connection, good, self.token)


class Callers(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web", "cart"])

    @over_each_transport
    def test_tokens(self, connection):
        """A ServiceAccount token gives its own identity, by either algorithm and any case of the scheme"""
        for algorithm in ("ES256", "RS256"):
            token = self.plane.service_account_token("db", algorithm, namespace="store")
            signed = create_certificate(connection, request(new_key()), token)
            self.assertEqual(uris(certificates(signed.chain[0])[0]), [identity("db", "store")])
        token = self.plane.service_account_token("web")
        create_certificate(connection, request(new_key()), headers=[("authorization", f"bearer {token}")])

    @over_each_transport
    def test_bad_tokens(self, connection):
        """A token that is not in order is refused, and its bearer does not learn why"""
        plane = self.plane
        head, claims, _ = plane.service_account_token("web").split(".")
        others = plane.service_account_token("db").split(".")[2]
        good = plane.static_tokens["web"]
        unsigned = "eyJhbGciOiJub25lIn0"
        cases = {
            "none": [],
            "an unknown one": [("authorization", "Bearer " + "x" * 43)],
            "another scheme": [("authorization", f"Basic {good}")],
            "two": [("authorization", f"Bearer {good}")] * 2,
            "an expired one": plane.service_account_token("web", age=7200),
            "one for later": plane.service_account_token("web", age=-600),
            "one of another cluster": TokenSigner().token("shop", "web"),
            "another issuer's": plane.service_account_token("web", iss="https://elsewhere.example"),
            "one for another audience": plane.service_account_token("web", aud=["vault"]),
            "one that is bound to no Pod": plane.service_account_token("web", pod=None),
            "one with another subject": plane.service_account_token("web", sub="system:serviceaccount:shop:cart"),
            "one without a signature": f"{unsigned}.{claims}.",
            "one with a signature that is another's": f"{head}.{claims}.{others}",
            "one with an illegal name": plane.service_account_token("../cart"),
            "a cut one": f"{head}.{claims}",
        }
        told = set()
        before = plane.metric("amesh_certificates_refused_total")
        for what, shown in cases.items():
            headers = shown if isinstance(shown, list) else [("authorization", f"Bearer {shown}")]
            with self.subTest(case=what):
                with refusal() as refused:
                    create_certificate(connection, request(new_key()), headers=headers)
                self.assertEqual(refused.code, grpc.StatusCode.UNAUTHENTICATED, refused.message)
                told.add(refused.message)
        self.assertEqual(len(told), 1, told)
        self.assertEqual(plane.metric("amesh_certificates_refused_total") - before, len(cases))

    def test_large_token(self):
        """A token of any size is refused; at most its own connection ends"""
        codes = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE)
        with channel(self.plane, "tls") as another:
            for transport in TRANSPORTS:
                for size in (15 << 10, 17 << 10, 1 << 20):
                    with self.subTest(transport=transport, size=size):
                        with channel(self.plane, transport) as connection, refusal() as refused:
                            create_certificate(connection, request(new_key()), "x" * size)
                        self.assertIn(refused.code, codes, refused.message)
                    create_certificate(another, request(new_key()), self.plane.static_tokens["web"])

    def test_renewal(self):
        """A certificate renews itself over mTLS, for its own identity and on and on; the audit log tells each step"""
        seen = []
        files = self._workload("web", "first")
        for step in ("second", "third"):
            key = new_key()
            with channel(self.plane, "tls", files) as connection:
                signed = create_certificate(connection, request(key))
            leaf = certificates(signed.chain[0])[0]
            self.assertEqual(uris(leaf), [identity("web")])
            seen.append(format(leaf.serial_number, "x"))
            files = WorkloadFiles(self.folder, step, signed.chain_pem, key)
        # Serial numbers are compared as numbers: how many zeros lead is a matter of taste.
        by_certificate = [entry for entry in self.plane.audit() if entry.get("authenticator") == "certificate"]
        written = [format(int(entry["serial"].replace(":", ""), 16), "x") for entry in by_certificate]
        self.assertEqual(written[-2:], seen)
        self.assertTrue(all(entry["identity"] == identity("web") for entry in by_certificate))

    def test_renewal_for_another(self):
        """A certificate renews nobody else's, and next to a token the token counts"""
        files = self._workload("web", "own")
        with channel(self.plane, "tls", files) as connection:
            with refusal() as refused:
                create_certificate(connection, request(new_key()), metadata={"ImpersonatedIdentity": identity("cart")})
            self.assertEqual(refused.code, grpc.StatusCode.PERMISSION_DENIED, refused.message)
            signed = create_certificate(connection, request(new_key()), self.plane.static_tokens["cart"])
            self.assertEqual(uris(certificates(signed.chain[0])[0]), [identity("cart")])
            with refusal() as refused:
                create_certificate(connection, request(new_key()), "x" * 43)
            self.assertEqual(refused.code, grpc.StatusCode.UNAUTHENTICATED, "a bad token next to a good certificate")

    def test_foreign_certificate(self):
        """A certificate of another authority does not even get through the handshake"""
        chain, key = ForeignAuthority().leaf(identity("web"))
        files = WorkloadFiles(self.folder, "foreign", chain, key)
        with channel(self.plane, "tls", files) as connection, refusal() as refused:
            create_certificate(connection, request(new_key()), self.plane.static_tokens["web"])
        self.assertEqual(refused.code, grpc.StatusCode.UNAVAILABLE, refused.message)

    def test_handshakes(self):
        """TLS is 1.3, and no session is resumed: each handshake judges what its client shows"""
        self.assertTrue(probes.speaks_tls(self.plane.port, ssl.TLSVersion.TLSv1_3))
        self.assertFalse(probes.speaks_tls(self.plane.port, ssl.TLSVersion.TLSv1_2))
        self.assertFalse(probes.is_resumed(self.plane.port))

    def test_audit(self):
        """Each certificate leaves a line in the audit log, and no line holds a token"""
        with channel(self.plane, "socket") as connection:
            signed = create_certificate(connection, request(new_key()), self.plane.static_tokens["cart"])
        leaf = certificates(signed.chain[0])[0]
        line = self.plane.audit()[-1]
        self.assertEqual((line["event"], line["identity"]), ("issued", identity("cart")))
        self.assertEqual(int(line["serial"].replace(":", ""), 16), leaf.serial_number)
        text = (self.plane.state / "audit.log").read_text()
        self.assertFalse(any(token in text for token in self.plane.static_tokens.values()))

    def _workload(self, account, name):
        key = new_key()
        with channel(self.plane, "tls") as connection:
            signed = create_certificate(connection, request(key), self.plane.static_tokens[account])
        return WorkloadFiles(self.folder, f"{self._testMethodName}-{name}", signed.chain_pem, key)


class StrictRequests(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web"], strictRequests=True)

    @over_each_transport
    def test_strict(self, connection):
        """A strict mesh refuses requests for names that are not the caller's, and takes those for its own"""
        token = self.plane.static_tokens["web"]
        for names in ([], [identity("web")]):
            create_certificate(connection, request(new_key(), names), token)
        for names in ([identity("cart")], [identity("web"), identity("cart")]):
            with refusal() as refused:
                create_certificate(connection, request(new_key(), names), token)
            self.assertEqual(refused.code, grpc.StatusCode.INVALID_ARGUMENT, refused.message)
