"""pkilint's checks of RFC 5280, by the tools that it comes with, in this process: starting them takes a second each."""

import contextlib
import io
import json
import pathlib
import tempfile

from pkilint.bin import lint_pkix_cert, lint_pkix_signer_signee_cert_chain

from .certificates import pem

# Notices are about what is allowed.
_SEVERITY = "WARNING"
# pkilint knows URIs of the web and names of the Internet only. The suites hold SPIFFE IDs and names against themselves.
_UNKNOWN = (
    'pkix.invalid_uri_syntax: Invalid URI syntax: "spiffe://',
    'pkix.invalid_domain_name_syntax: Invalid domain name syntax: "localhost"',
)


def findings(certificate):
    """What is wrong with a certificate, in lines."""
    return _run(lint_pkix_cert, certificate)


def findings_of_pair(issuer, certificate):
    """What does not fit between a certificate and the one above it, its signature included."""
    return _run(lint_pkix_signer_signee_cert_chain, issuer, certificate)


def _run(tool, *certificates):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, certificate in enumerate(certificates):
            paths.append(pathlib.Path(folder) / f"{number}.pem")
            paths[-1].write_text(pem(certificate), encoding="utf-8")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            count = tool.main(["lint", "--severity", _SEVERITY, "--format", "JSON", *map(str, paths)])
    listed = [
        f"{result['node_path']}: {finding['code']}: {finding.get('message')}"
        for result in json.loads(said.getvalue())["results"]
        for finding in result["finding_descriptions"]
    ]
    if len(listed) != count:
        raise RuntimeError(f"{count} findings, but {listed}")
    return [line for line in listed if not any(known in line for known in _UNKNOWN)]
