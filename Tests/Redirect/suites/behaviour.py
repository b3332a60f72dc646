"""Who receives a connection, and where it was bound for: by real servers and clients, both families, every backend."""

import unittest

from kernel.namespace import BACKENDS
from kernel.pod import FAR, PEER, POD, PROXY, SECOND_PEER, SECOND_POD, SERVICE, Pod, way

LOOPBACK = {"ipv4": "127.0.0.1", "ipv6": "::1"}
BOTH = ["--inbound-ports=8080,9000-9010", "--outbound-ports=80,8080,9000-9010"]


class Behaviour(unittest.TestCase):
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.pod = Pod()
        cls.addClassCleanup(cls.pod.remove)

    def each(self, *flags):
        """Every backend, with these rules, and both families."""
        for backend in BACKENDS:
            report = self.pod.inside.report("--backend", backend, *flags)
            self.assertEqual(report["families"], ["ipv4", "ipv6"])
            for family in report["families"]:
                self.context = f"{backend}, {family}, {' '.join(flags)}"
                yield family
        self.pod.inside.redirect("--cleanup")

    def sees(self, who, host, port, expected, **options):
        self.assertEqual(way(who.connect(host, port, **options)), expected, f"to {host} {port}; {self.context}")

    def test_nothing(self):
        """without rules everything goes straight"""
        self.pod.inside.redirect("--cleanup")
        self.context = "no rules"
        for family in POD:
            self.sees(self.pod.peer, POD[family], 8080, "app:8080")
            self.sees(self.pod.application, PEER[family], 80, "peer:80")

    def test_inbound(self):
        """what comes for captured ports goes to the sidecar, with its destination, and from there to the application"""
        for family in self.each(*BOTH):
            for port in (8080, 9005):
                self.sees(self.pod.peer, POD[family], port, f"in:19081 ← {POD[family]} {port} | app:{port}")

    def test_uncaptured_inbound(self):
        """what comes for other ports goes straight to the application: a database, SSH"""
        for family in self.each(*BOTH):
            for port in (22, 3306, 9090):
                self.sees(self.pod.peer, POD[family], port, f"app:{port}")

    def test_own_ports(self):
        """the sidecar's own ports are reached as they are, with all ports captured too"""
        for family in self.each("--inbound-ports=*"):
            for port in (19443, 15020, 15021):
                self.sees(self.pod.peer, POD[family], port, f"own:{port}")
            self.sees(self.pod.peer, POD[family], 9090, f"in:19081 ← {POD[family]} 9090 | app:9090")

    def test_excluded_inbound(self):
        """excluded inbound ports go straight, out of all and out of a range"""
        for inbound in ("*", "1-65535"):
            for family in self.each(f"--inbound-ports={inbound}", "--exclude-inbound-ports=22,9000-9010"):
                self.sees(self.pod.peer, POD[family], 22, "app:22")
                self.sees(self.pod.peer, POD[family], 9005, "app:9005")
                self.sees(self.pod.peer, POD[family], 8080, f"in:19081 ← {POD[family]} 8080 | app:8080")

    def test_outbound(self):
        """what the application sends to captured ports goes to the sidecar first, with its destination"""
        for family in self.each(*BOTH):
            for port in (80, 8080, 9005):
                self.sees(self.pod.application, PEER[family], port, f"out:19080 ← {PEER[family]} {port} | peer:{port}")

    def test_uncaptured_outbound(self):
        """a TCP service that is not captured is reached straight"""
        for family in self.each(*BOTH):
            self.sees(self.pod.application, PEER[family], 3306, "peer:3306")

    def test_excluded_outbound(self):
        """excluded outbound ports go straight"""
        for family in self.each("--outbound-ports=*", "--exclude-outbound-ports=3306,9000-9010"):
            self.sees(self.pod.application, PEER[family], 3306, "peer:3306")
            self.sees(self.pod.application, PEER[family], 9005, "peer:9005")
            self.sees(self.pod.application, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")

    def test_root(self):
        """root is an application like any other"""
        root = self.pod.agent(0, 0)
        for family in self.each(*BOTH):
            self.sees(root, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")

    def test_localhost(self):
        """what stays on loopback goes straight"""
        for family in self.each("--inbound-ports=*", "--outbound-ports=*"):
            self.sees(self.pod.application, LOOPBACK[family], 8080, "app:8080")
            self.sees(self.pod.sidecar, LOOPBACK[family], 8080, "app:8080")
            self.sees(self.pod.application, LOOPBACK[family], 15021, "own:15021")

    def test_own_address_of_application(self):
        """what the application sends to its own Pod goes straight"""
        for family in self.each("--inbound-ports=*", "--outbound-ports=*"):
            for address in (POD, SECOND_POD):
                self.sees(self.pod.application, address[family], 8080, "app:8080")

    def test_own_address_of_sidecar(self):
        """a service's call to itself goes out by the sidecar, comes in by it once, and arrives"""
        for inbound in ("*", "8080"):
            for family in self.each(f"--inbound-ports={inbound}", "--outbound-ports=8080"):
                self.sees(
                    self.pod.application,
                    SERVICE[family],
                    8080,
                    f"out:19080 ← {SERVICE[family]} 8080 | in:19081 ← {POD[family]} 8080 | app:8080",
                )

    def test_own_address_uncaptured(self):
        """the sidecar's call to a port of its own Pod that is not captured goes straight"""
        for family in self.each("--inbound-ports=9000", "--outbound-ports=*"):
            self.sees(self.pod.sidecar, POD[family], 8080, "app:8080")
        for family in self.each("--inbound-ports=*", "--exclude-inbound-ports=8080"):
            self.sees(self.pod.sidecar, POD[family], 8080, "app:8080")
            self.sees(self.pod.sidecar, POD[family], 15021, "own:15021")

    def test_proxy(self):
        """the sidecar's own traffic goes straight, and so does whatever has only its user or only its group"""
        for family in self.each("--inbound-ports=*", "--outbound-ports=*"):
            for user in ((PROXY, PROXY), (PROXY, 0), (1000, PROXY)):
                self.sees(self.pod.agent(*user), PEER[family], 80, "peer:80")

    def test_other_proxy(self):
        """another user and group may be the sidecar's"""
        for family in self.each(*BOTH, "--proxy-uid=4000", "--proxy-gid=4001"):
            self.sees(self.pod.agent(4000, 5), PEER[family], 80, "peer:80")
            self.sees(self.pod.agent(5, 4001), PEER[family], 80, "peer:80")

    def test_excluded_users(self):
        """excluded users and groups go straight"""
        for family in self.each(*BOTH, "--exclude-uids=1000,7", "--exclude-gids=70"):
            self.sees(self.pod.application, PEER[family], 80, "peer:80")
            self.sees(self.pod.agent(7, 7), PEER[family], 80, "peer:80")
            self.sees(self.pod.agent(8, 70), PEER[family], 80, "peer:80")
            self.sees(self.pod.agent(8, 8), PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")

    def test_included_networks(self):
        """with networks to include, only what goes there is captured"""
        networks = "--include-outbound-cidrs=10.9.0.0/16,fd09::/16"
        for family in self.each(*BOTH, networks):
            self.sees(self.pod.application, FAR[family], 80, f"out:19080 ← {FAR[family]} 80 | peer:80")
            self.sees(self.pod.application, PEER[family], 80, "peer:80")

    def test_networks_of_one_family(self):
        """networks of one family to include leave the other alone"""
        for family in self.each(*BOTH, "--include-outbound-cidrs=10.9.9.9"):
            expected = f"out:19080 ← {FAR[family]} 80 | peer:80" if family == "ipv4" else "peer:80"
            self.sees(self.pod.application, FAR[family], 80, expected)

    def test_excluded_networks(self):
        """excluded networks go straight, out of included ones too"""
        for included in ([], ["--include-outbound-cidrs=10.0.0.0/8,fd00::/8"]):
            for family in self.each(*BOTH, "--exclude-outbound-cidrs=10.9.9.9,fd09::9", *included):
                self.sees(self.pod.application, FAR[family], 80, "peer:80")
                self.sees(self.pod.application, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")

    def test_interfaces(self):
        """an excluded interface is left alone both ways"""
        for name in ("eth1", "eth1+"):
            for family in self.each(*BOTH, f"--exclude-interfaces={name}", "--drop-invalid"):
                self.sees(self.pod.peer, SECOND_POD[family], 8080, "app:8080")
                self.sees(self.pod.application, SECOND_PEER[family], 80, "peer:80")
                self.sees(self.pod.peer, POD[family], 8080, f"in:19081 ← {POD[family]} 8080 | app:8080")
                self.sees(self.pod.application, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")

    def test_long_lists(self):
        """lists longer than one rule takes are in force to their end"""
        ports = ",".join(str(port) for port in [*range(7000, 7100, 2), 8080])
        networks = ",".join([f"10.{number}.0.0/24" for number in range(100, 160, 2)] + ["10.9.9.9", "fd09::9"])
        users = ",".join(str(user) for user in [*range(2000, 2060), 7])
        flags = [f"--inbound-ports={ports}", f"--outbound-ports={ports}", f"--include-outbound-cidrs={networks}"]
        for family in self.each(*flags, f"--exclude-uids={users}"):
            self.sees(self.pod.peer, POD[family], 8080, f"in:19081 ← {POD[family]} 8080 | app:8080")
            self.sees(self.pod.application, FAR[family], 8080, f"out:19080 ← {FAR[family]} 8080 | peer:8080")
            self.sees(self.pod.agent(7, 7), FAR[family], 8080, "peer:8080")

    def test_drop_invalid(self):
        """dropping packets of no connection leaves connections alone"""
        for family in self.each(*BOTH, "--drop-invalid"):
            self.sees(self.pod.peer, POD[family], 8080, f"in:19081 ← {POD[family]} 8080 | app:8080")
            self.sees(self.pod.application, PEER[family], 80, f"out:19080 ← {PEER[family]} 80 | peer:80")


class FromLoopback(unittest.TestCase):
    """A sidecar that hands on to the address that was asked for, and binds to loopback so that it can be told."""

    @classmethod
    def setUpClass(cls):
        cls.pod = Pod(sends="from loopback")
        cls.addClassCleanup(cls.pod.remove)

    def test_once(self):
        """a sidecar that hands on from loopback to the Pod's own address does not loop"""
        for backend in BACKENDS:
            self.pod.inside.redirect("--backend", backend, "--inbound-ports=*", "--outbound-ports=*")
            for family in POD:
                with self.subTest(backend=backend, family=family):
                    inner = f"in:19081 ← {POD[family]} 8080 | app:8080"
                    self.assertEqual(way(self.pod.peer.connect(POD[family], 8080)), inner)
                    outer = f"out:19080 ← {SERVICE[family]} 8080 | {inner}"
                    self.assertEqual(way(self.pod.application.connect(SERVICE[family], 8080)), outer)
            self.pod.inside.redirect("--cleanup")
