"""The library in its host: loading, symbols, reload, crashes, ends."""

import os
import pathlib
import signal
import subprocess

from library import mesh
from library.suite import Suite
from peers.process import wait_until

LIBRARY = os.environ["LIBXDS"]


class Loading(Suite):
    def test_symbols(self):
        """Only initial is exported, and the library stays loaded"""
        lines = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout
        exported = [line.split()[-1] for line in lines.splitlines() if line.split()[-2].isupper()]
        self.assertEqual(exported, ["initial"])
        dynamic = subprocess.run(["readelf", "-d", LIBRARY], capture_output=True, text=True, check=True).stdout
        self.assertIn("NODELETE", dynamic)
        needed = sorted(line.split("[")[1][:-1] for line in dynamic.splitlines() if "NEEDED" in line)
        self.assertEqual([name for name in needed if not name.startswith(("libc.", "libm.", "libz.", "ld-linux"))], [])

    def test_first_version(self):
        """There is a version before there is a control plane, and the worker of the library answers requests"""
        nginx = self.nginx("grpc://127.0.0.1:9")
        dump = nginx.wait_for(lambda dump: dump.version != "nil", 5, "a version")
        self.assertTrue(dump.has_anchor)
        self.assertEqual(dump.objects, {})
        self.assertEqual(set(nginx.workers()), {0, 1})

    def test_bad_settings(self):
        """Bad settings are said in nginx's log, and end nothing"""
        nginx = self.nginx(
            "nonsense", environment={"AMESH_SYNC_INTERVAL": "soon", "AMESH_APP_PROBES": "{"}
        )
        wait_until(lambda: "no valid address in AMESH_XDS_SOURCE" in nginx.errors(), 10, "the log says it")
        self.assertIn("AMESH_SYNC_INTERVAL", nginx.errors())
        self.assertIn("AMESH_APP_PROBES", nginx.errors())
        self.assertNotEqual(nginx.dump().version, "nil")

    def test_reload(self):
        """A reload keeps what is served, takes the library over, and changes nothing where nothing has changed"""
        server = self.ads(*mesh.service(1), *mesh.service(2))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: len(dump.objects) >= 4, 10, "objects")
        agent = nginx.agent()
        nginx.reload()
        wait_until(lambda: nginx.agent() not in (None, agent), 20, "a new worker has the library")
        wait_until(lambda: server.opened >= 2 and len(server.streams) == 1, 20, "one stream, of the new one")
        after = nginx.dump()
        self.assertEqual(after.objects, before.objects)
        self.assertEqual(after.version, before.version)
        server.remove("type.googleapis.com/envoy.config.cluster.v3.Cluster", "service-2")
        server.set(mesh.routes("9002", "service-1"))
        nginx.wait_for(lambda dump: dump.version != before.version, 10, "a change after the reload")

    def test_stale(self):
        """What changed while nobody listened is put right, stale objects too"""
        server = self.ads(*mesh.service(1), *mesh.service(2))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: len(dump.objects) >= 4, 10, "objects")
        server.stop()
        nginx.reload()
        agent = nginx.agent()
        wait_until(lambda: nginx.agent() not in (None, agent), 20, "a new worker has the library")
        self.assertEqual(nginx.dump().objects, before.objects, "the last good configuration stays")
        for type_url in server.resources:
            for name in [name for name in server.resources[type_url] if "2" in name]:
                server.remove(type_url, name, push=False)
        server.listen()
        after = nginx.wait_for(lambda dump: dump.version != before.version, 60, "a new version")
        self.assertLess(len(after.objects), len(before.objects))
        self.assertTrue(set(after.objects) < set(before.objects))

    def test_kill(self):
        """kill -9 of the process that has the library: its successor goes on"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        for _ in range(3):
            agent = wait_until(nginx.agent, 10, "a worker has the library")
            os.kill(agent, signal.SIGKILL)
            wait_until(lambda: nginx.agent() not in (None, agent), 20, "a new worker has the library")
        self.assertEqual(nginx.dump().objects, before.objects)
        server.set(mesh.endpoints("service-1", 8081))
        nginx.wait_for(lambda dump: "8081" in "".join(dump.objects.values()), 20, "a change after the kill")
        self.assertEqual(nginx.dump().objects.keys(), before.objects.keys())

    def test_end(self):
        """QUIT and TERM end every process, threads of the library included"""
        for ending in (signal.SIGQUIT, signal.SIGTERM):
            with self.subTest(ending=ending.name):
                server = self.ads(*mesh.service(1))
                nginx = self.nginx(server)
                nginx.wait_for(lambda dump: dump.objects, 10, "objects")
                children = nginx.children()
                nginx.child.process.send_signal(ending)
                nginx.child.process.wait(15)
                self.assertEqual([pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()], [])

    def test_signals(self):
        """The library catches no signal and leaves nginx's handlers as they are"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        agent = nginx.agent()
        other = next(pid for pid in nginx.children() if pid != agent)
        fields = {}
        for pid in (agent, other):
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            masks = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigCgt", "SigIgn"))]
            # Signals 32 and 33 are the C library's own, for any process with threads.
            fields[pid] = [mask & ~(3 << 31) for mask in masks]
        self.assertEqual(fields[agent], fields[other])
