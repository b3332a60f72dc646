"""Hundreds of sidecars, without the sidecars: each a stream with a token of its own, which acknowledges what it gets."""

import asyncio
import concurrent.futures
import os
import random
import time

from peers.process import LOOPBACK, wait_until

from .multiplexed import Connection, call_headers
from .plugins import SERVICE, Configs, config, plain, request, wire
from .pods import pod
from .workload import pod_token

# AMESH_HERD=60,40 is for who is in a hurry.
SIDECARS, CONFIGS = map(int, os.environ.get("AMESH_HERD", "500,200").split(","))
# A server takes so many streams on a connection at a time, and each sidecar may have an acknowledgement under way.
PER_CONNECTION = 50
# That create Pods and change configs at the same time.
HANDS = 8


class _Sidecar:
    """A stream that begins anew when it ends, and acknowledges what came last, one at a time."""

    def __init__(self, herd, instance, token):
        self._herd, self._instance = herd, instance
        self._asking = call_headers(SERVICE + "StreamPlugins", token)
        self._telling = call_headers(SERVICE + "AcknowledgePlugins", token)
        # What came last, when, and what of it the server was told of.
        self.response, self.moment, self._told = None, 0, None
        self._is_telling = False

    def begin(self, connection):
        self._connection, self._is_telling = connection, False
        connection.call(self._asking, request(self._instance).SerializeToString(), self._received, self._ended)

    def _received(self, response):
        self.response, self.moment = response, time.monotonic()
        self._herd.pushes += 1
        self._tell()

    def _tell(self):
        if self._is_telling or self._told is self.response:
            return
        self._is_telling, self._told = True, self.response
        message = wire["Acknowledgement"](instance={"key": self._instance}, revision=self.read().revision)
        self._connection.call(self._telling, message.SerializeToString(), lambda _: None, self._was_told)

    def _was_told(self):
        self._is_telling = False
        if not self._connection.closed.done():
            self._tell()

    def _ended(self):
        self._herd.ended(self, self._connection)

    def read(self):
        return wire["Response"].FromString(self.response)


class Herd:
    """The Pods of a namespace and their streams."""

    def __init__(self, server, mesh, namespace, count=SIDECARS):
        self._mesh = mesh

        def create(number):
            labels = {"app": f"app-{number % 10}", "tier": f"tier-{number % 3}"}
            created = server.create_pod(namespace, pod(f"herd-{number}", labels=labels))
            return created["metadata"]["name"], labels, pod_token(server, created)

        with concurrent.futures.ThreadPoolExecutor(HANDS) as hands:
            made = list(hands.map(create, range(count)))
        self.labels = {name: labels for name, labels, _ in made}
        self._sidecars = {name: _Sidecar(self, f"{namespace}/{name}", token) for name, _, token in made}
        self.pushes, self._tasks = 0, set()

    async def __aenter__(self):
        self._is_closing = False
        sidecars = list(self._sidecars.values())
        for first in range(0, len(sidecars), PER_CONNECTION):
            self._later(0, sidecars[first : first + PER_CONNECTION])
        await self.until(lambda: all(each.response is not None for each in sidecars), 60, "every sidecar has a set")
        return self

    async def __aexit__(self, *_):
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        for connection in {each._connection for each in self._sidecars.values() if hasattr(each, "_connection")}:
            connection.close()

    def held(self, name):
        """What that sidecar was sent last."""
        return plain(self._sidecars[name].read())

    def moments(self, since):
        """When each sidecar was sent its last, of those that were sent any since."""
        return [each.moment for each in self._sidecars.values() if each.moment > since]

    def ended(self, sidecar, connection):
        """A stream has, or its connection, which then all come to tell."""
        if not self._is_closing:
            self._later(0.5, [sidecar], None if connection.closed.done() else connection)

    def _later(self, seconds, sidecars, connection=None):
        task = asyncio.create_task(self._begin(seconds, sidecars, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin(self, seconds, sidecars, connection):
        await asyncio.sleep(seconds)
        while connection is None:
            try:
                connection = await Connection.open(LOOPBACK, self._mesh.plugin_port, self._mesh.bundle())
            except OSError:
                await asyncio.sleep(0.5)
        for sidecar in sidecars:
            sidecar.begin(connection)

    @staticmethod
    async def until(condition, seconds, what, *, every=0.02):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds} s")
            await asyncio.sleep(every)


def expected(configs, labels):
    """By the rule as it is documented: of each plugin the config of the highest priority, names here being unlike ages."""
    chosen = {}
    for described in sorted(configs.values(), key=lambda each: -each["spec"]["priority"]):
        if selects(described, labels):
            for plugin in described["spec"]["plugins"]:
                chosen.setdefault(plugin["name"], plugin["config"])
    return chosen


def selects(described, labels):
    return described["spec"].get("selector", {}).get("matchLabels", {}).items() <= labels.items()


def given(plugins):
    return {name: settings for entries in plugins.values() for _, name, settings in entries}


def churn(checks, server, mesh, namespace):
    herd = Herd(server, mesh, namespace)
    configs = Configs(server, namespace)
    changes, described = plan(herd.labels)

    def change(what):
        for kind, name, value in what:
            if kind == "Pod":
                server.patch(f"/api/v1/namespaces/{namespace}/pods/{name}", {"metadata": {"labels": value}})
            elif value:
                configs.put(value)
            else:
                configs.delete(name)

    async def run():
        async with herd:
            title = f"{CONFIGS} configs are churned under {SIDECARS} sidecars: each ends with exactly its set"
            with checks(title):
                began = time.monotonic()
                await asyncio.gather(*(asyncio.to_thread(change, what) for what in changes))
                taken = time.monotonic() - began
                wanted = {name: expected(described, labels) for name, labels in herd.labels.items()}

                def wrong():
                    return [name for name, each in wanted.items() if given(herd.held(name)) != each]

                try:
                    await herd.until(lambda: not wrong(), 120, "its set", every=0.2)
                except TimeoutError as error:
                    (name, *_) = left = wrong()
                    raise TimeoutError(
                        f"{error}: {len(left)} are wrong; {name} has {given(herd.held(name))}, not {wanted[name]}"
                    ) from None
                settled = time.monotonic() - began - taken
                pushes = herd.pushes
                await asyncio.sleep(1)
                assert not wrong() and herd.pushes == pushes, "it did not stay so"
                checks.note(
                    f"{sum(map(len, changes))} changes in {taken:.0f} s, {pushes} pushes, right {settled:.1f} s after the last"
                )
            with checks("and every status tells that all that are selected have it"):
                counts = {
                    name: sum(selects(each, labels) for labels in herd.labels.values()) for name, each in described.items()
                }

                def complete():
                    found = server.get(f"/apis/apisix.apache.org/v1alpha1/namespaces/{namespace}/ameshpluginconfigs")["items"]
                    told = {each["metadata"]["name"]: each.get("status", {}).get("sidecars") for each in found if is_told(each)}
                    return told == {name: f"{count}/{count}" for name, count in counts.items()}

                await asyncio.to_thread(wait_until, complete, 90, "every config is in force everywhere")

    asyncio.run(run())


def plan(labels):
    """What HANDS are to do at the same time, each config and each Pod in one pair of them, and the configs that are left.
    Labels of Pods become what they are in the end."""
    random_one = random.Random(7)
    described, changes = {}, [[] for _ in range(HANDS)]

    def change(number):
        name, doing = f"config-{number}", changes[number % HANDS]
        if name in described and random_one.random() < 0.25:
            del described[name]
            return doing.append(("config", name, None))
        selector = random_one.choice([None, {"app": f"app-{random_one.randrange(10)}"}, {"tier": "tier-1"}])
        settings = {"body": str(random_one.randrange(1000))}
        plugins = [(f"plugin-{random_one.randrange(20)}", settings)]
        # Each its own priority, so that nothing is left to age.
        described[name] = config(name, *plugins, selector=selector, priority=number)
        doing.append(("config", name, described[name]))

    for number in [*range(CONFIGS), *(random_one.randrange(CONFIGS) for _ in range(CONFIGS))]:
        change(number)
        if random_one.random() < 0.2:
            name = random_one.choice(list(labels))
            labels[name] = {"app": f"app-{random_one.randrange(10)}", "tier": f"tier-{random_one.randrange(3)}"}
            changes[int(name.rpartition("-")[2]) % HANDS].append(("Pod", name, labels[name]))
    return changes, described


def is_told(found):
    """Whether the status is that of the config as it is now."""
    return found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
