"""Hundreds of sidecars, without the sidecars: each a stream with a token of its own, which acknowledges what it gets."""

import asyncio
import os
import random
import time

import grpc
from peers.process import wait_until

from .plugins import SERVICE, Configs, config, metadata, plain, plugin_channel, request, wire
from .pods import pod
from .workload import pod_token

# Python reads all that is pushed, on the same processors: more take minutes. AMESH_HERD=500,200 asks for them.
SIDECARS, CONFIGS = map(int, os.environ.get("AMESH_HERD", "60,40").split(","))
# Connections that the sidecars share: a server takes so many streams on each.
PER_CONNECTION = 100


class Herd:
    """The Pods of a namespace and their streams; `held` is what each was sent last."""

    def __init__(self, server, mesh, namespace, count=SIDECARS):
        self._mesh, self._namespace = mesh, namespace
        self.labels, self._tokens = {}, {}
        for number in range(count):
            labels = {"app": f"app-{number % 10}", "tier": f"tier-{number % 3}"}
            name = f"herd-{number}"
            created = server.create_pod(namespace, pod(name, labels=labels))
            self.labels[name], self._tokens[name] = labels, pod_token(server, created)
        self.held, self.times, self.pushes = {}, {}, 0

    async def __aenter__(self):
        names = list(self._tokens)
        self._channels = [
            plugin_channel(self._mesh, self._mesh.plugin_port, asynchronous=True)
            for _ in range(0, len(names), PER_CONNECTION)
        ]
        self._tasks = [
            asyncio.create_task(self._keep(name, self._channels[position // PER_CONNECTION]))
            for position, name in enumerate(names)
        ]
        await self.until(lambda: len(self.held) == len(names), 60, "every sidecar has a set")
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    async def _keep(self, name, channel):
        instance = f"{self._namespace}/{name}"
        stream = channel.unary_stream(
            SERVICE + "StreamPlugins", wire["Request"].SerializeToString, wire["Response"].FromString
        )
        acknowledge = channel.unary_unary(
            SERVICE + "AcknowledgePlugins", wire["Acknowledgement"].SerializeToString, wire["Acknowledged"].FromString
        )
        proof = metadata(self._tokens[name])
        while True:
            try:
                async for response in stream(request(instance), metadata=proof):
                    self.held[name] = plain(response)
                    self.times[name] = time.monotonic()
                    self.pushes += 1
                    message = wire["Acknowledgement"](instance={"key": instance}, revision=response.revision)
                    try:
                        await acknowledge(message, metadata=proof, timeout=20)
                    except grpc.RpcError as error:
                        # A later one has gone out meanwhile.
                        if error.code() != grpc.StatusCode.NOT_FOUND:
                            raise
            except grpc.RpcError:
                await asyncio.sleep(0.5)

    @staticmethod
    async def until(condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds} s")
            await asyncio.sleep(0.02)


def expected(configs, labels):
    """By the rule as it is documented: of each plugin the config of the highest priority, names here being unlike ages."""
    chosen = {}
    for described in sorted(configs.values(), key=lambda each: -each["spec"]["priority"]):
        selector = described["spec"].get("selector", {}).get("matchLabels", {})
        if selector.items() <= labels.items():
            for plugin in described["spec"]["plugins"]:
                chosen.setdefault(plugin["name"], plugin["config"])
    return chosen


def given(plugins):
    return {name: settings for entries in plugins.values() for _, name, settings in entries}


def churn(checks, server, mesh, namespace):
    herd = Herd(server, mesh, namespace)
    configs = Configs(server, namespace)
    random_one = random.Random(7)
    described = {}

    def change(number):
        name = f"config-{number}"
        if name in described and random_one.random() < 0.25:
            configs.delete(name)
            del described[name]
            return
        selector = random_one.choice([None, {"app": f"app-{random_one.randrange(10)}"}, {"tier": "tier-1"}])
        settings = {"body": str(random_one.randrange(1000))}
        plugins = [(f"plugin-{random_one.randrange(20)}", settings)]
        # Each its own, so that nothing is left to age.
        described[name] = config(name, *plugins, selector=selector, priority=number)
        configs.put(described[name])

    async def run():
        async with herd:
            with checks(f"{CONFIGS} configs are churned under {SIDECARS} sidecars: each ends with exactly its set"):
                began = time.monotonic()
                order = [*range(CONFIGS), *(random_one.randrange(CONFIGS) for _ in range(CONFIGS))]
                for number in order:
                    await asyncio.to_thread(change, number)
                wanted = {name: expected(described, labels) for name, labels in herd.labels.items()}
                taken = time.monotonic() - began


                def wrong():
                    return [name for name, each in wanted.items() if given(herd.held[name]) != each]

                try:
                    await herd.until(lambda: not wrong(), 120, "its set")
                except TimeoutError as error:
                    (name, *_) = left = wrong()
                    raise TimeoutError(
                        f"{error}: {len(left)} are wrong; {name} has {given(herd.held[name])}, not {wanted[name]}"
                    ) from None
                checks.note(
                    f"{len(order)} changes in {taken:.0f} s, {herd.pushes} pushes, "
                    f"the last of which {time.monotonic() - began - taken:.1f} s after the last change"
                )
            with checks("and every status tells that all that are selected have it"):
                def complete():
                    found = server.get(f"/apis/apisix.apache.org/v1alpha1/namespaces/{namespace}/ameshpluginconfigs")
                    late = [
                        each["metadata"]["name"]
                        for each in found["items"]
                        if not is_programmed(each) and each.get("status", {}).get("sidecars") != "0/0"
                    ]
                    return not late

                await asyncio.to_thread(wait_until, complete, 90, "every config is programmed")

    asyncio.run(run())


def is_programmed(found):
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return False
    return any(one["type"] == "Programmed" and one["status"] == "True" for one in status.get("conditions", []))
