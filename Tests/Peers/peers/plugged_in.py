"""An authority for plugging in, its files named as Istio names them: a root, and an intermediate that may sign nothing
but leaves, as Istio's own are."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from .certificates import SECOND, key_pem, key_usage, new_key, now, pem


def write_authority(folder):
    root_key, key = new_key(), new_key()
    root = _certificate("Plugged-in root", root_key, None, root_key, path_length=None)
    issuing = _certificate("Plugged-in issuing", key, root, root_key, path_length=0)
    files = {
        "root-cert.pem": pem(root),
        "ca-cert.pem": pem(issuing),
        "ca-key.pem": key_pem(key),
        "cert-chain.pem": pem(issuing),
    }
    for name, text in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")


def _certificate(name, key, issuer, issuer_key, *, path_length):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - 60 * SECOND)
        .not_valid_after(now() + 7 * 86_400 * SECOND)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority_key, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
