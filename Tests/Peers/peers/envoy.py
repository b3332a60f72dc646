"""Where the package of Envoy has its executable."""

import pathlib
import shutil
import sys


def executable():
    path = pathlib.Path(sys.prefix) / "lib"
    found = next(path.glob("python*/site-packages/envoy/_bin/envoy"), None) or shutil.which("envoy")
    if not found:
        raise RuntimeError("there is no envoy; the script in hack/ that runs this installs it")
    return found
