"""Keys, requests and certificates of workloads, and of those who only claim to be ones."""

import datetime
import pathlib
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SECOND = datetime.timedelta(seconds=1)


def new_key(kind="P-256"):
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("RSA-")))
    return ec.generate_private_key({"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}[kind]())


def key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def request(key, names=()):
    """A PKCS#10 request in PEM that asks for these SPIFFE IDs."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names:
        uris = [x509.UniformResourceIdentifier(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(uris), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def certificates(text):
    data = text.encode() if isinstance(text, str) else text
    return x509.load_pem_x509_certificates(data)


def uris(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def same_key(certificate, key):
    return public_bytes(certificate.public_key()) == public_bytes(key.public_key())


def fingerprint(certificate):
    return certificate.fingerprint(hashes.SHA256()).hex()


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class WorkloadFiles:
    """A chain and its key as files, as Python's TLS wants them."""

    def __init__(self, folder, name, chain, key):
        folder = pathlib.Path(folder)
        self.chain, self.key = folder / f"{name}-chain.pem", folder / f"{name}-key.pem"
        self.chain.write_text(chain, encoding="utf-8")
        self.key.touch(mode=0o600)
        self.key.write_text(key_pem(key), encoding="utf-8")


class ForeignAuthority:
    """Another mesh's authority, which gives the same names to others."""

    def __init__(self):
        self._key = new_key()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foreign root")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.root = (
            self._builder(self._name, self._key.public_key(), 3600)
            .add_extension(constraints, critical=True)
            .add_extension(key_usage(signs=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def leaf(self, spiffe_id):
        """Just as a leaf of ours, but for the signature. Gives back the chain in PEM and its key."""
        key = new_key()
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(spiffe_id)])
        certificate = (
            self._builder(x509.Name([]), key.public_key(), 600)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(name, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return pem(certificate), key

    def _builder(self, subject, public_key, seconds):
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - 60 * SECOND)
            .not_valid_after(now() + seconds * SECOND)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(authority_key, critical=False)
        )


def key_usage(*, signs):
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def openssl_verify(folder, leaf, intermediates, roots, *options):
    """What `openssl verify -x509_strict` says; None where it finds nothing wrong."""
    folder = pathlib.Path(folder)
    names = {"leaf": leaf, "intermediates": "".join(intermediates), "roots": roots}
    paths = {}
    for name, text in names.items():
        paths[name] = folder / f"verify-{name}.pem"
        paths[name].write_text(text, encoding="utf-8")
    command = ["openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", paths["roots"], *options]
    if intermediates:
        command += ["-untrusted", paths["intermediates"]]
    result = subprocess.run([*command, paths["leaf"]], capture_output=True, text=True, timeout=20)
    return None if result.returncode == 0 else f"{result.stdout}{result.stderr}"
