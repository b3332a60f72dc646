"""Many changes in little time: memory, descriptors and threads stay as they are."""

import os
import pathlib

from library import mesh
from library.ads import CLUSTER
from library.suite import Suite
from peers.process import wait_until

_ROUNDS = 40
_CHANGES = 60


class Endurance(Suite):
    def test_churn(self):
        """Thousands of changes, broken streams and bad resources leave nothing behind"""
        server = self.ads(*[message for number in range(50) for message in mesh.service(number)])
        nginx = self.nginx(server, environment={"AMESH_SYNC_INTERVAL": "10ms"})
        nginx.wait_for(lambda dump: len(dump.objects) >= 100, 20, "objects")
        agent = nginx.agent()
        figures = []
        for turn in range(_ROUNDS):
            for change in range(_CHANGES):
                number = (turn * _CHANGES + change) % 50
                if change % 10 == 9:
                    server.remove(CLUSTER, f"service-{number}")
                server.set(mesh.cluster(f"service-{number}"), mesh.endpoints(f"service-{number}", 10000 + change))
            if turn % 4 == 3:
                server.set_broken(CLUSTER, "service-0")
                opened = server.opened
                server.disconnect()
                wait_until(lambda: server.opened > opened, 30, "the next stream")
            marker = 30000 + turn
            server.set(mesh.cluster("service-0"), mesh.endpoints("service-0", marker))
            nginx.wait_for(lambda dump: str(marker) in "".join(dump.objects.values()), 30, "the round's last change")
            figures.append(self.figures(agent))
        self.assertEqual(nginx.agent(), agent)
        # The first half warms up: allocators keep what they once had.
        middle, end = figures[_ROUNDS // 2], figures[-1]
        print(f"       after {_ROUNDS // 2} rounds {middle}, after {_ROUNDS} {end} (RSS in MB, descriptors, threads)")
        self.assertLessEqual(end[0], middle[0] * 1.1 + 2)
        self.assertLessEqual(end[1], middle[1] + 2)
        self.assertLessEqual(end[2], middle[2] + 2)

    @staticmethod
    def figures(pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        values = dict(line.split(":", 1) for line in status.splitlines())
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        return round(int(values["VmRSS"].split()[0]) / 1024, 1), descriptors, int(values["Threads"])
