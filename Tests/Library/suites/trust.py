"""TLS to the control plane: whom it is believed to be, and who the sidecar says it is."""

import datetime
import ipaddress
import pathlib

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from library import mesh
from library.suite import Suite
from peers.process import LOOPBACK, wait_until


class Authority:
    """Makes one certificate for a name."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign("authority", self.key, None)

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _sign(self, name, key, issuer, expired=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=-1 if expired else 1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        )
        if issuer:
            try:
                known = x509.IPAddress(ipaddress.ip_address(name))
            except ValueError:
                known = x509.DNSName(name)
            builder = builder.add_extension(x509.SubjectAlternativeName([known]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def credentials(self, name, expired=False):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key, self.certificate, expired)
        key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return grpc.ssl_server_credentials([(key_pem, certificate.public_bytes(serialization.Encoding.PEM))])


class Trust(Suite):
    def setUp(self):
        super().setUp()
        self.authority = Authority()
        self.roots = self.folder / "roots.pem"
        self.roots.write_bytes(self.authority.pem())
        self.token = self.folder / "token"
        self.token.write_text("first\n")
        self.environment = {
            "AMESH_ROOT_CERT_FILE": str(self.roots),
            "AMESH_TOKEN_FILE": str(self.token),
            "AMESH_XDS_SERVER_NAME": "istiod.istio-system.svc",
        }

    def test_token(self):
        """TLS with the mesh's roots; the token is sent, and read anew for each stream"""
        server = self.ads(*mesh.service(1), credentials=self.authority.credentials("istiod.istio-system.svc"))
        nginx = self.nginx(server, environment=self.environment)
        nginx.wait_for(lambda dump: dump.objects, 20, "objects")
        self.assertEqual(server.metadata[0]["authorization"], "Bearer first")
        self.token.write_text("second")
        server.disconnect()
        wait_until(lambda: server.opened == 2, 20, "the next stream")
        self.assertEqual(server.metadata[1]["authorization"], "Bearer second")

    def refused(self, credentials, roots=None):
        server = self.ads(*mesh.service(1), credentials=credentials)
        if roots:
            self.roots.write_bytes(roots)
        nginx = self.nginx(server, environment=self.environment)
        wait_until(lambda: "not connected to the control plane" in nginx.errors(), 30, "the log says it")
        self.assertEqual(server.opened, 0)
        self.assertEqual(nginx.dump().objects, {})
        return nginx

    def test_other_name(self):
        """A certificate for another name is refused"""
        self.refused(self.authority.credentials("somebody.else"))

    def test_address(self):
        """A server without a name is known by its address, if the certificate has it"""
        del self.environment["AMESH_XDS_SERVER_NAME"]
        server = self.ads(*mesh.service(1), credentials=self.authority.credentials(LOOPBACK))
        self.nginx(server, environment=self.environment).wait_for(lambda dump: dump.objects, 20, "objects")
        nginx = self.refused(self.authority.credentials("127.0.0.9"))
        self.assertIn(LOOPBACK, nginx.errors())

    def test_expired(self):
        """An expired certificate is refused"""
        self.refused(self.authority.credentials("istiod.istio-system.svc", expired=True))

    def test_new_roots(self):
        """A certificate of unknown roots is refused, until the roots' file has them"""
        nginx = self.refused(
            self.authority.credentials("istiod.istio-system.svc"), roots=Authority().pem()
        )
        pathlib.Path(self.roots).write_bytes(self.authority.pem())
        nginx.wait_for(lambda dump: dump.objects, 60, "objects")

    def test_roots_missing(self):
        """Roots that are not there yet end nothing"""
        self.roots.unlink()
        server = self.ads(*mesh.service(1), credentials=self.authority.credentials("istiod.istio-system.svc"))
        nginx = self.nginx(server, environment=self.environment)
        wait_until(lambda: "not connected to the control plane" in nginx.errors(), 30, "the log says it")
        self.roots.write_bytes(self.authority.pem())
        nginx.wait_for(lambda dump: dump.objects, 60, "objects")
