"""One more Pod: a network namespace beside the two that library.sidecar has, with ways to both."""

import os

from .sidecar import OUTSIDE, POD, inside, run

HERE = "10.9.1.1"
THIRD = "10.9.1.2"


class Third:
    def __init__(self, pod):
        self.peer = f"amesh-third-{os.getpid()}"
        run("ip", "netns", "add", self.peer)
        run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth0", "netns", self.peer)
        run("ip", "link", "set", "eth1", "up")
        run("ip", "addr", "add", f"{HERE}/24", "dev", "eth1")
        for words in (
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
            ("addr", "add", f"{THIRD}/24", "dev", "eth0"),
            ("route", "add", "default", "via", HERE),
        ):
            run("ip", "-n", self.peer, *words)
        run("ip", "-n", pod.peer, "route", "add", f"{THIRD}/32", "via", POD, "src", OUTSIDE)
        run("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def there(self, work):
        inside(self.peer, work)

    def curl(self, url, *options):
        return run("ip", "netns", "exec", self.peer, "curl", "-sS", "--max-time", "15", *options, url)

    def forget_redirects(self):
        run("ip", "netns", "exec", self.peer, "iptables", "-w", "-t", "nat", "-F")

    def stop(self):
        run("ip", "netns", "del", self.peer, check=False)
