"""The sidecar of another Pod than this process's own, in a network namespace that is there already."""

import os
import subprocess

from peers.process import wait_until

from .clock import clock_environment, clock_library
from .sidecar import run


class Other:
    """The other Pod's sidecar: its network namespace is the first one's outside."""

    def __init__(self, pod, folder):
        self.pod = pod
        self.folder = folder
        self.name = f"amesh-other-{os.getpid()}"

    def start(self, clock=0, **environment):
        """clock: how many seconds its clock is ahead."""
        run(
            "podman", "run", "--detach", "--name", self.name, "--runtime", "runc",
            "--network", f"ns:/run/netns/{self.pod.peer}", "--user", "1337:1337", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--read-only", "--read-only-tmpfs=false",
            "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000",
            "--volume", f"{self.folder}:/var/run/amesh",
            *(self._other_clock(clock) if clock else ()),
            *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
            os.environ["SIDECAR_IMAGE"],
        )  # fmt: skip
        wait_until(self.is_ready, 60, f"the other Pod is ready\n{self.logs()}")

    def _other_clock(self, seconds):
        library = clock_library(self.folder)
        library.chmod(0o755)
        variables = clock_environment("/clock.so", seconds)
        words = (word for name, value in variables.items() for word in ("--env", f"{name}={value}"))
        return ["--volume", f"{library}:/clock.so:ro", *words]

    def is_ready(self):
        url = "http://127.0.0.1:15021/healthz/ready"
        command = ["ip", "netns", "exec", self.pod.peer, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url]
        return subprocess.run(command, capture_output=True, text=True).stdout == "200"

    def logs(self):
        command = ["podman", "logs", self.name]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    def stop(self):
        subprocess.run(["podman", "rm", "--force", "--time", "5", self.name], capture_output=True)
