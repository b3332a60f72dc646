"""Every kind of certificate, judged by tools that are not ours: openssl's strict verification and pkilint."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from peers import probes
from peers.calling import channel
from peers.certificates import certificates, new_key, openssl_verify, pem, request, uris
from peers.control_plane import TRUST_DOMAIN, identity
from peers.linter import findings, findings_of_pair
from peers.plugged_in import write_authority
from peers.signing import create_certificate
from peers.suite import Suite


class Certificates(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["web"])
        cls.chain, cls.bundle = cls._issued(cls.plane)

    @classmethod
    def _issued(cls, plane, kind="P-256"):
        """The chain, the leaf first, and the root."""
        with channel(plane, "socket") as connection:
            signed = create_certificate(connection, request(new_key(kind)), plane.static_tokens["web"])
        chain = [certificates(element)[0] for element in signed.chain]
        (root,) = certificates(signed.bundle)
        return chain, root

    def _verifies(self, chain, root, *options):
        leaf, *above = (pem(certificate) for certificate in chain)
        self.assertIsNone(openssl_verify(self.folder, leaf, above, pem(root), *options))

    def _has_no_finding(self, certificate, issuer=None):
        self.assertEqual(findings(certificate), [])
        if issuer:
            self.assertEqual(findings_of_pair(issuer, certificate), [])

    def _is_svid(self, leaf):
        """X509-SVID, sections 2 to 4."""
        extensions = {extension.oid: extension for extension in leaf.extensions}
        names = extensions[x509.SubjectAlternativeName.oid]
        self.assertEqual(uris(leaf), [identity("web")])
        self.assertEqual((len(leaf.subject.rdns), names.critical), (0, True))
        constraints = extensions[x509.BasicConstraints.oid]
        self.assertFalse(constraints.value.ca)
        usage = extensions[x509.KeyUsage.oid]
        self.assertTrue(usage.critical and usage.value.digital_signature)
        self.assertFalse(usage.value.key_cert_sign or usage.value.crl_sign)
        purposes = set(extensions[x509.ExtendedKeyUsage.oid].value)
        self.assertEqual(purposes, {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH})

    def test_root(self):
        """The root"""
        self._verifies([self.bundle], self.bundle)
        self._has_no_finding(self.bundle, self.bundle)
        self.assertEqual(uris(self.bundle), [f"spiffe://{TRUST_DOMAIN}"])

    def test_intermediate(self):
        """The intermediate: signs leaves and nothing else"""
        _, intermediate = self.chain
        self._verifies([intermediate], self.bundle)
        self._has_no_finding(intermediate, self.bundle)
        self.assertEqual(uris(intermediate), [f"spiffe://{TRUST_DOMAIN}"])
        constraints = intermediate.extensions.get_extension_for_class(x509.BasicConstraints).value
        self.assertEqual((constraints.ca, constraints.path_length), (True, 0))

    def test_leaf(self):
        """A leaf without DNS names, for either end of a connection"""
        for purpose in ("sslserver", "sslclient"):
            self._verifies(self.chain, self.bundle, "-purpose", purpose)
        self._has_no_finding(*self.chain)
        self._is_svid(self.chain[0])

    def test_leaf_of_other_keys(self):
        """Leaves for other keys than P-256"""
        for kind in ("P-384", "RSA-2048", "RSA-3072"):
            with self.subTest(kind=kind):
                chain, root = self._issued(self.plane, kind)
                self._verifies(chain, root)
                self._has_no_finding(*chain)

    def test_leaf_with_names(self):
        """A leaf with DNS names next to its SPIFFE ID"""
        plane = self.control_plane("names", accounts=["web"], leaf={"dnsNames": True})
        chain, root = self._issued(plane)
        names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        expected = [f"web.shop.sa.{TRUST_DOMAIN}", f"shop.sa.{TRUST_DOMAIN}", f"sa.{TRUST_DOMAIN}"]
        self.assertEqual(names.get_values_for_type(x509.DNSName), expected)
        for name in expected:
            self._verifies(chain, root, "-verify_hostname", name)
        self._has_no_finding(*chain)
        self._is_svid(chain[0])

    def test_serving(self):
        """The server's own"""
        certificate = probes.presented(self.plane.port)
        _, intermediate = self.chain
        self._verifies(
            [certificate, intermediate], self.bundle, "-purpose", "sslserver", "-verify_hostname", "localhost"
        )
        self._has_no_finding(certificate, intermediate)

    def test_plugged_in(self):
        """A leaf of a plugged-in authority that may sign nothing but leaves"""
        files = self.folder / "files"
        files.mkdir()
        write_authority(files)
        root = {"custody": "files", "files": str(files)}
        plane = self.control_plane("plugged-in", accounts=["web"], root=root)
        chain, anchor = self._issued(plane)
        self._verifies(chain, anchor)
        self._has_no_finding(*chain[:2])
        self._is_svid(chain[0])

    def test_linter(self):
        """The linter finds what is wrong with a certificate that is wrong"""
        key = new_key()
        name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE")])
        leaf = self.chain[0]
        bad = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(leaf.not_valid_before_utc)
            .not_valid_after(leaf.not_valid_after_utc)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.assertNotEqual(findings(bad), [])
        self.assertNotEqual(findings_of_pair(self.bundle, leaf), [])
