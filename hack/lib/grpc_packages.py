#!/usr/bin/env python3
"""What Python's clients of the identity services need.

grpc_packages.py FILE  makes a virtual environment of them for hack/e2e, and writes into FILE where its Python is
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

if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(str(make_environment("e2e", GRPC_PACKAGES)), encoding="utf-8")
