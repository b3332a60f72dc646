"""What all suites have: a folder, and servers that end with the test."""

import pathlib
import tempfile
import unittest

from .ads import ADSServer
from .nginx import Nginx


class Suite(unittest.TestCase):
    """The docstring of a test is its name: what has to be true."""

    longMessage = True

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="library-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def ads(self, *messages, **options):
        server = ADSServer(**options)
        self.addCleanup(server.stop)
        if messages:
            server.set(*messages)
        return server

    def nginx(self, *sources, environment=None, **options):
        """Sources are servers or addresses."""
        addresses = ",".join(getattr(source, "address", source) for source in sources)
        nginx = Nginx(self.folder / "nginx", {"AMESH_XDS_SOURCE": addresses, **(environment or {})}, **options)
        self.addCleanup(nginx.stop)
        return nginx.start()

    def several(self, *sources, **options):
        """One more nginx in the same test."""
        self._count = getattr(self, "_count", 0) + 1
        folder, self.folder = self.folder, self.folder / str(self._count)
        self.folder.mkdir()
        try:
            return self.nginx(*sources, **options)
        finally:
            self.folder = folder

    def kept(self, server):
        self.addCleanup(server.stop)
        return server
