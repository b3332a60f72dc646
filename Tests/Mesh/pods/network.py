"""Network namespaces as Pods' networks: each has a link to this namespace, which is their node."""

import ctypes
import os
import selectors
import socket
import subprocess
import threading
import time

# Where Pods reach what listens on the node's loopback: the control plane.
NODE, NODE_V6 = "10.9.0.254", "fd09::fe"
HAS_IPV6 = os.path.exists("/proc/net/if_inet6")

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_ETH_P_ALL, _SO_RCVBUFFORCE = 3, 33
# The beginning of the names that Pods' links have on the node.
LINK = "to-"
# Where TCP has its ports, in a frame of IPv4 without options and of IPv6 without extensions.
_PORTS, _PORTS_V6, _ETH_P_IPV6 = 34, 54, b"\x86\xdd"
_MUTUAL_PORT = (19443).to_bytes(2, "big")


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_node():
    run("ip", "addr", "add", f"{NODE}/32", "dev", "lo")
    for setting in ("net.ipv4.ip_forward", "net.ipv4.conf.all.route_localnet"):
        run("sysctl", "-qw", f"{setting}=1")
    rule = ["iptables", "-w", "-t", "nat", "-A", "PREROUTING", "-d", NODE, "-p", "tcp"]
    run(*rule, "-j", "DNAT", "--to-destination", "127.0.0.1")
    if HAS_IPV6:
        run("ip", "addr", "add", f"{NODE_V6}/128", "dev", "lo")
        run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")


def is_v6(address):
    return ":" in address


class Network:
    """Of one Pod, with an address or several."""

    def __init__(self, name, *addresses):
        self.name = name
        self.node = NODE_V6 if is_v6(addresses[0]) else NODE
        link = f"{LINK}{name}"
        run("ip", "netns", "add", name)
        run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", link, "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        for address in addresses:
            self._join(link, address)

    def _join(self, link, address):
        node, length, options = (NODE_V6, 128, ["nodad"]) if is_v6(address) else (NODE, 32, [])
        if is_v6(address):
            # A link answers only for addresses of its own who has them.
            run("ip", "addr", "add", f"{node}/128", "dev", link, "nodad")
        run("ip", "route", "add", address, "dev", link, "src", node)
        for words in (
            ["addr", "add", f"{address}/{length}", "dev", "eth0", *options],
            ["route", "add", node, "dev", "eth0"], ["route", "add", "default", "via", node],
        ):  # fmt: skip
            run("ip", "-n", self.name, *words)

    def command(self, *words, user=None):
        """What runs a command in there."""
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
        return ["ip", "netns", "exec", self.name, *as_user, *words]

    def run(self, *words, **options):
        return run(*self.command(*words, **options))

    def enter(self):
        """Moves this thread into it, for good."""
        with open(f"/run/netns/{self.name}", "rb") as namespace:
            if _libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def do(self, work):
        """What `work` gives back, done in there: a socket is of the namespace that it was made in."""
        result = []

        def entered():
            try:
                self.enter()
                result.extend((work(), None))
            except BaseException as problem:  # noqa: BLE001
                result.extend((None, problem))

        thread = threading.Thread(target=entered)
        thread.start()
        thread.join()
        value, problem = result
        if problem:
            raise problem
        return value


class Capture:
    """All that goes between Pods meanwhile, as a context: which of the markers were seen, and how much there was."""

    def __init__(self, *markers):
        self._markers = markers
        self.seen = set()
        # Of them, those to or from port 19443.
        self.frames = self.mutual = 0

    def __enter__(self):
        self._ends = threading.Event()
        self._selector = selectors.DefaultSelector()
        for _, name in socket.if_nameindex():
            if name.startswith(LINK):
                self._selector.register(self._open(name), selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    @staticmethod
    def _open(name):
        link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        link.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 24)
        # From here on, so that nothing of other links is in its queue.
        link.bind((name, _ETH_P_ALL))
        return link

    def _read(self):
        while True:
            ready = self._selector.select(0.2)
            for key, _ in ready:
                self._note(key.fileobj.recv(65536))
            # The last of it, if others go on.
            if self._ends.is_set() and (not ready or time.monotonic() > self._until):
                return

    def _note(self, frame):
        self.frames += 1
        at = _PORTS_V6 if frame[12:14] == _ETH_P_IPV6 else _PORTS
        self.mutual += _MUTUAL_PORT in (frame[at : at + 2], frame[at + 2 : at + 4])
        self.seen.update(marker for marker in self._markers if marker in frame)

    def __exit__(self, *_):
        self._until = time.monotonic() + 1
        self._ends.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
