#!/usr/bin/env python3
"""Asks a real Envoy, mesh by mesh, and compares its choice with APISIX's by our objects; at the end: N passed, N failed.

hack/check-translation calls it with what it needs.
"""

import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
sys.path[:0] = [str(FOLDER), str(ROOT / "Tests" / "Peers")]
from peers.envoy import executable  # noqa: E402
from peers.process import LOOPBACK, Child, free_port  # noqa: E402
import fields  # noqa: E402
from resources import NOBODY, prepare  # noqa: E402
from upstreams import Upstreams  # noqa: E402

SHOWN = 5


def write_cases(folder):
    command = ["swift", "test", "--skip-build", "--filter", "Cases.for.peers"]
    environment = {**os.environ, "AMESH_TRANSLATION_CASES": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    meshes = sorted(folder.glob("mesh-*"), key=lambda path: int(path.name.split("-")[1]))
    if done.returncode != 0 or not meshes:
        sys.exit(f"no meshes have been written:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return meshes


def ask(port, request):
    """Envoy's choice: the name of the cluster that has answered, or the status that Envoy answers by itself; and what the
    cluster has seen, or where the client is sent."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
        lines = [
            f"PROXY TCP4 {LOOPBACK} {request['address']} 40000 {request['port']}",
            f"{request['method']} {request['target']} HTTP/1.1",
            f"Host: {request['authority']}",
            *(f"{name}: {value}" for name, value in request["headers"].items()),
            "Content-Length: 0",
            "Connection: close",
            "",
            "",
        ]
        connection.sendall("\r\n".join(lines).encode())
        response = http.client.HTTPResponse(connection, method=request["method"])
        response.begin()
        response.read()
        status = response.getheader("grpc-status")
        choice = response.getheader("x-cluster") or (f"gRPC {status}" if status else response.status)
        return choice, {name: response.getheader(f"x-{name}") for name in ("target", "host", "added")}, response.getheader("location")


def grpc(status):
    """How Envoy tells a client of gRPC a status of its own."""
    codes = {404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
    return f"gRPC {codes.get(status, 2)}"


def agree(envoy, apisix):
    if isinstance(apisix, list):
        return envoy in apisix
    # Where no route is found, APISIX answers 404 by itself.
    wanted = (NOBODY, 404) if apisix == 0 else (apisix,)
    return envoy in wanted or envoy in map(grpc, wanted)


def same_host(envoy, apisix):
    # Where Envoy strips a port from a request's host, upstreams of APISIX still see it.
    return envoy == apisix or envoy == re.sub(r":\d+$", "", apisix)


def same_place(envoy, apisix, request):
    """Where a client ends up that follows; locations may be relative, and spelled in other ways."""
    base = f"http://{request['authority']}{request['target']}"
    one, other = (urllib.parse.urlsplit(urllib.parse.unquote(urllib.parse.urljoin(base, url))) for url in (envoy, apisix))
    if (one.scheme, one.path, one.query) != (other.scheme, other.path, other.query):
        return False
    ours = other.netloc.lower()
    stripped = re.sub(r":\d+$", "", ours) if ours == request["authority"].lower() else ours
    return one.netloc.lower() in (ours, stripped)


def same_arrival(case, choice, seen, location):
    """What the upstream sees, or where the client is sent, is the same as by one of the routes that lead there."""
    return any(
        same_one(case["request"], arrival, seen, location)
        for arrival in case["arrivals"] or [{}]
        if len(case["arrivals"]) < 2 or agree(choice, arrival["choice"])
    )


def same_one(request, arrival, seen, location):
    if seen["target"]:
        same = (seen["target"], seen["added"]) == (arrival["target"], arrival["added"])
        return same and same_host(seen["host"], arrival["host"])
    if location and "location" in arrival:
        return same_place(location, arrival["location"], request)
    return not location


def ready(admin):
    connection = http.client.HTTPConnection(LOOPBACK, admin, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def rejected(admin):
    """Updates that Envoy would not have: the mesh would then be another than ours."""
    connection = http.client.HTTPConnection(LOOPBACK, admin, timeout=2)
    connection.request("GET", "/stats?filter=update_rejected|update_failure&format=json")
    stats = json.load(connection.getresponse())["stats"]
    connection.close()
    return [stat["name"] for stat in stats if stat.get("value")]


def compare(folder, upstreams, found):
    """What is wrong with a mesh, as lines."""
    port, admin = free_port(), free_port()
    bootstrap = prepare(folder, port, admin, upstreams.port)
    command = [executable(), "-c", bootstrap, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
    envoy = Child(folder.name, command, folder)
    problems = []
    try:
        envoy.wait_until(lambda: ready(admin), 30, "ready")
        problems += [f"Envoy does not take the mesh: {name}" for name in rejected(admin)]
        if problems:
            return [envoy.output(400), *problems]
        cases = json.loads((folder / "requests.json").read_text(encoding="utf-8"))
        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
            choices = list(pool.map(lambda case: ask(port, case["request"]), cases))
        for case, (choice, seen, location) in zip(cases, choices):
            found[choice if isinstance(choice, str) else str(choice)] += 1
            if not agree(choice, case["choice"]):
                problems.append(f"Envoy: {choice}, APISIX: {case['choice']}: {json.dumps(case['request'])}")
            elif not same_arrival(case, choice, seen, location):
                problems.append(f"Envoy: {choice} {seen} {location}, APISIX: {json.dumps(case)}")
    finally:
        envoy.stop()
    return problems


def main():
    began = time.monotonic()
    upstreams = Upstreams()
    found = collections.Counter()
    passed, failed = 0, 0
    # The test of fields that are dropped silently goes by this list.
    if fields.FILE.read_text() == fields.text():
        passed += 1
    else:
        failed += 1
        print("FAILED fields.txt is not what the API has: run Tests/Translation/fields.py in this environment")
    with tempfile.TemporaryDirectory() as directory:
        meshes = write_cases(pathlib.Path(directory))
        if len(sys.argv) > 1:
            meshes = [mesh for mesh in meshes if mesh.name == f"mesh-{sys.argv[1]}"]
        for mesh in meshes:
            problems = compare(mesh, upstreams, found)
            passed, failed = passed + (not problems), failed + bool(problems)
            print(f"{'FAILED' if problems else 'ok    '} {mesh.name}", flush=True)
            for problem in problems[:SHOWN]:
                print("\n".join(f"       {line}" for line in problem.splitlines()))
            if len(problems) > SHOWN:
                print(f"       and {len(problems) - SHOWN} more")
    chosen = ", ".join(f"{name} {count}" for name, count in found.most_common())
    print(f"{sum(found.values())} requests in {time.monotonic() - began:.0f} s: {chosen}")
    # A comparison in which hardly anything is found is none.
    if not sys.argv[1:] and len(found) < 10:
        failed += 1
        print("FAILED too few different choices")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
