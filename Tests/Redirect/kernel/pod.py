"""A Pod and a peer of it: two namespaces joined by two cables, with an application, a sidecar and services in them."""

from .agent import Agent
from .namespace import Namespace

PROXY = 1337
APPLICATION_PORTS = (22, 3306, 8080, 9005, 9090)
PEER_PORTS = (80, 3306, 8080, 9005)
# A service's address that leads to the Pod itself, as its sidecar knows.
SERVICE = {"ipv4": "10.96.0.10", "ipv6": "fd96::10"}
# Another peer, behind the first.
FAR = {"ipv4": "10.9.9.9", "ipv6": "fd09::9"}
POD = {"ipv4": "10.7.0.2", "ipv6": "fd07::2"}
PEER = {"ipv4": "10.7.0.1", "ipv6": "fd07::1"}
SECOND_POD = {"ipv4": "10.8.0.2", "ipv6": "fd08::2"}
SECOND_PEER = {"ipv4": "10.8.0.1", "ipv6": "fd08::1"}


class Pod:
    def __init__(self, sends="to loopback", proxy=(PROXY, PROXY)):
        """`sends`: how the sidecar hands on what came in."""
        self.inside, self.outside, self.agents = Namespace(), Namespace(), {}
        for device, inside, outside in (("eth0", POD, PEER), ("eth1", SECOND_POD, SECOND_PEER)):
            self.inside.ip("link", "add", device, "type", "veth", "peer", "name", device, "netns", self.outside.name)
            for namespace, addresses in ((self.inside, inside), (self.outside, outside)):
                namespace.ip("link", "set", device, "up")
                namespace.add_address(f"{addresses['ipv4']}/24", device)
                namespace.add_address(f"{addresses['ipv6']}/64", device)
        for family, bits in (("ipv4", 32), ("ipv6", 128)):
            self.outside.add_address(f"{FAR[family]}/{bits}", "lo")
            self.inside.ip("-6" if family == "ipv6" else "-4", "route", "add", "default", "via", PEER[family])
        self.application = self.agent(1000, 1000)
        for port in APPLICATION_PORTS:
            self.application.listen("app", port)
        self.peer = self.agent(0, 0, self.outside)
        for port in PEER_PORTS:
            self.peer.listen("peer", port)
        sidecar = self.sidecar = self.agent(*proxy)
        services = {SERVICE[family]: [POD[family], 8080] for family in SERVICE}
        sidecar.listen("out", 19080, forward={"how": "on", "services": services})
        sidecar.listen("in", 19081, forward={"how": sends})
        for port in (19443, 15020, 15021):
            sidecar.listen("own", port)

    def agent(self, uid, gid, namespace=None):
        """Somebody in the Pod."""
        key = (uid, gid, namespace)
        if key not in self.agents:
            self.agents[key] = Agent(namespace or self.inside, uid, gid)
        return self.agents[key]

    def remove(self):
        for agent in self.agents.values():
            agent.stop()
        self.inside.remove()
        self.outside.remove()


def way(answer):
    """The hops of an answer in short: `in:19081 ← 10.7.0.2 8080 | app:8080`; what went wrong as it is."""
    if isinstance(answer, str):
        return answer.split(":")[0]
    hops = []
    for hop in answer:
        if "problem" in hop:
            hops.append(hop["problem"].split(":")[0])
            continue
        bound = f" ← {hop['original']}" if hop["who"] in ("in", "out") else ""
        hops.append(f"{hop['who']}:{hop['port']}{bound}")
    return " | ".join(hops)
