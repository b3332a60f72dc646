"""What all suites have: a folder of their own, and children that end with them."""

import pathlib
import tempfile
import unittest

from .control_plane import ControlPlane


class Suite(unittest.TestCase):
    """The docstring of a test is its name: what has to be true."""

    longMessage = True

    @classmethod
    def setUpClass(cls):
        # Short: the path of a Unix socket has 107 bytes at most.
        holder = tempfile.TemporaryDirectory(prefix="peers-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)

    @classmethod
    def control_plane(cls, name="mesh", **settings):
        folder = cls.folder / name
        folder.mkdir()
        plane = ControlPlane(folder, **settings)
        cls.addClassCleanup(plane.stop)
        return plane.start()

    def sidecar(self, kind, name, *arguments, **options):
        """Ends with the test."""
        folder = self.folder / self._testMethodName
        folder.mkdir(exist_ok=True)
        envoy = kind(folder, *arguments, name=name, **options)
        self.addCleanup(envoy.stop)
        return envoy
