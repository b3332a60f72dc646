#!/usr/bin/env python3
"""Plugins for sidecars: from `kubectl apply` of an AmeshPluginConfig to what APISIX's dictionaries hold in a sidecar."""

import json
import os
import pathlib
import subprocess
import sys
import time

import grpc
from api_server import APIServer
from meshed.checks import Checks
from meshed.herd import churn
from meshed.mesh import Mesh
from meshed.plugins import Configs, PluginStream, config, plain
from meshed.pods import ENABLED, kubectl, pod
from meshed.sidecars import PluginSidecar, has_library
from meshed.workload import pod_token
from peers.calling import refusal
from peers.process import LOOPBACK, free_port, wait_until

NAMESPACE, OTHER = "amesh-e2e-plugins", "amesh-e2e-plugins-other"
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ("response-rewrite", '{"headers": {"X-Header": "Yes"}}')
ADDED = {"headers": {"X-Header": "Yes"}}
# What would break what the mesh vouches for, and what is said of it.
RESTRICTED = [
    (("amesh-mtls", {}), "amesh-mtls is the mesh's own"),
    (("serverless-pre-function", {"functions": ["return function() end"]}), "beside the Pod's key"),
    (("cors", {"_meta": {"pre_function": "return 1"}}), "_meta.pre_function: would run as code"),
    (("proxy-rewrite", {"headers": {"X-Forwarded-Client-Cert": "a"}}), "x-forwarded-client-cert is for the mesh to write"),
    (
        ("traffic-split", {"rules": [{"weighted_upstreams": [{"upstream": {"nodes": {"192.0.2.1:80": 1}}}]}]}),
        "past the mesh's mutual TLS",
    ),
]
VALIDATOR = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/amesh-plugin-validator"
# How long a sidecar goes without its control plane.
ABSENCE = 60


def main():
    checks = Checks()
    with APIServer() as server, Mesh(server) as mesh:
        for namespace in (NAMESPACE, OTHER):
            server.make_namespace(namespace, ENABLED)
        suite = Suite(checks, server, mesh)
        try:
            suite.run()
        finally:
            suite.close()
    return checks.close()


class Suite:
    def __init__(self, checks, server, mesh):
        self.checks, self.server, self.mesh = checks, server, mesh
        self.configs = Configs(server, NAMESPACE)
        self.streams, self.sidecars, self.children = [], [], []

    def close(self):
        for one in (*self.streams, *self.sidecars):
            one.close()
        for child in self.children:
            child.stop()

    def run(self):
        web = self.pod("web", {"app": "web"})
        api = self.pod("api", {"app": "api"})
        self.before(web)
        self.installed()
        if has_library():
            self.absent(web)
        self.example(web, api)
        self.judged()
        self.strangers(web)
        self.matched(web, api)
        self.bad_behind_the_webhook()
        self.conflict(web)
        if has_library():
            self.sidecar(web)
        else:
            self.checks.skip("plugins reach APISIX's dictionaries", "nginx-light and libnginx-mod-http-lua are not installed")
        churn(self.checks, self.server, self.mesh, OTHER)

    def pod(self, name, labels):
        created = self.server.create_pod(NAMESPACE, pod(name, labels=labels))
        return f"{NAMESPACE}/{name}", pod_token(self.server, created)

    def stream(self, who, port=None, **options):
        stream = PluginStream(self.mesh, port or self.mesh.plugin_port, *who, **options)
        self.streams.append(stream)
        return stream

    # --- what comes and goes -------------------------------------------------------------------------------------------

    def before(self, web):
        with self.checks("without the kind, sidecars are told that there is nothing"):
            for replica in self.mesh.replicas:
                assert plain(self.stream(web, replica.plugin_port).next()) == {}
        with self.checks("and all else is well"):
            for replica in self.mesh.replicas:
                replica.wait_until_ready(5)

    def installed(self):
        folder = self.mesh.folder
        with self.checks("manifests/plugins is applied"):
            shown = subprocess.run(
                [os.environ["KUBECTL"], "kustomize", ROOT / "manifests" / "plugins"], capture_output=True, text=True, check=True
            ).stdout
            service = "    service:\n      name: amesh\n      namespace: amesh-system\n      path: /validate/plugins\n      port: 443\n"
            assert service in shown, shown[-1500:]
            url = f"    url: https://{LOOPBACK}:{os.environ['WEBHOOK_PORT']}/validate/plugins\n"
            manifest = folder / "plugins.yaml"
            manifest.write_text(shown.replace(service, url), encoding="utf-8")
            # kubectl asks the server what it knows: before 1.25 not x-kubernetes-validations, which it leaves out.
            self.is_old = int(os.environ["SERVER_MINOR"]) < 25
            options = ["--validate=false"] if self.is_old else []
            self.manifest = ["apply", "--filename", str(manifest), *options]
            applied, said = kubectl(*self.manifest)
            assert applied, said
        with self.checks("applied again it changes nothing"):
            applied, said = kubectl(*self.manifest)
            changed = [line for line in said.splitlines() if "unchanged" not in line]
            # What the server has left out is missing each time.
            assert applied and not [line for line in changed if not self.is_old or "customresourcedefinition" not in line], said
        with self.checks("the control plane finds it by itself, and the API server is to ask it"):
            wait_until(self.is_trusted, 30, "a caBundle")
            for replica in self.mesh.replicas:
                wait_until(lambda: "Plugin configurations are followed" in replica.log(), 15, "it is followed")  # noqa: B023

    def is_trusted(self):
        return all(each["clientConfig"].get("caBundle") for each in self.server.get(VALIDATOR)["webhooks"])

    # --- the example ---------------------------------------------------------------------------------------------------

    def example(self, web, api):
        streams = {
            who: [self.stream(who, replica.plugin_port) for replica in self.mesh.replicas] for who in (web, api)
        }
        for each in (*streams[web], *streams[api]):
            each.next()
        with self.checks("a config reaches the sidecars that it selects, of both replicas, and no others"):
            began = time.monotonic()
            self.configs.put(config("add-header", EXAMPLE, selector={"app": "web"}))
            responses = [each.next() for each in streams[web]]
            self.checks.note(f"{(time.monotonic() - began) * 1000:.0f} ms after it was created")
            for response in responses:
                assert plain(response) == {f"{NAMESPACE}/add-header": [("", *expected(EXAMPLE))]}, plain(response)
            assert len({response.revision for response in responses}) == 1, "revisions differ between replicas"
            assert all(each.is_quiet(1) for each in streams[api]), "another sidecar was told something"
        with self.checks("until a sidecar has it, its status says so"):
            self.wait_for("add-header", "Programmed", "False", "Pending")
            assert self.configs.condition("add-header", "Accepted")[0] == "True"
        with self.checks("when it has, kubectl tells the story"):
            for each, response in zip(streams[web], responses):
                each.acknowledge(response)
            self.wait_for("add-header", "Programmed", "True", "Programmed")
            _, said = kubectl("get", "ampc", "--namespace", NAMESPACE)
            self.checks.note(said.strip().splitlines()[-1])
            words = said.splitlines()[-1].split()
            assert words[:2] == ["add-header", "response-rewrite"] and words[2:5] == ["True", "True", "1/1"], said
            applied, said = kubectl(
                "wait", "ampc/add-header", "--namespace", NAMESPACE, "--for=condition=Programmed", "--timeout=5s"
            )
            assert applied, said
        with self.checks("a sidecar that can't apply all of it is told of in the status"):
            streams[web][1].acknowledge(responses[1], **{f"{NAMESPACE}/add-header": "there is no room"})
            streams[web][0].close()
            self.wait_for("add-header", "Programmed", "False", "PartlyRefused")
            assert "there is no room" in self.configs.condition("add-header", "Programmed")[2]
            streams[web][1].acknowledge(responses[1])
            self.wait_for("add-header", "Programmed", "True", "Programmed")
        with self.checks("a status changes nothing for sidecars"):
            assert streams[web][1].is_quiet(2)

    def wait_for(self, name, kind, status, reason, seconds=20):
        def is_so():
            found = self.configs.condition(name, kind)
            return found and found[:2] == (status, reason)

        try:
            wait_until(is_so, seconds, f"{kind} {status} {reason}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {json.dumps(self.configs.get(name).get('status'))}") from None

    # --- admission -----------------------------------------------------------------------------------------------------

    def judged(self):
        def refused(described, words):
            status, answer = self.configs.create(described)
            assert status in (400, 403, 422) and words in answer["message"], (status, answer["message"])

        with self.checks("configurations that a plugin would not take are refused"):
            refused(config("bad", ("limit-count", {"count": 1})), "lacks time_window")
        with self.checks("so is what is no JSON"):
            refused(config("bad", ("cors", "{")), "is no JSON")
        with self.checks("and what would break mutual TLS, identities or the secrecy of the Pod's key"):
            for plugin, words in RESTRICTED:
                refused(config("bad", plugin), words)
        with self.checks("and what the schema forbids"):
            refused(config("bad", EXAMPLE, targets=[{"ports": [0]}]), "ports")
        ruled = "the API server's own rules: a plugin is named once, and services are not for what comes in"
        if self.is_old:
            self.checks.skip(ruled, f"needs Kubernetes 1.25, this is 1.{os.environ['SERVER_MINOR']}")
        else:
            # In its words, not in the webhook's, which is asked later.
            with self.checks(ruled):
                refused(config("bad", EXAMPLE, EXAMPLE), "a plugin may be named once")
                inbound = [{"services": [{"name": "web"}], "direction": "inbound"}]
                refused(config("bad", EXAMPLE, targets=inbound), "that a Pod calls; leave direction out")
        with self.checks("a plugin that nobody knows is taken with a warning"):
            described = config("unknown", ("respond-rewrite", {}), selector={"app": "nobody"})
            applied, said = kubectl("create", "--namespace", NAMESPACE, "--filename", "-", stdin=described)
            assert applied and "respond-rewrite is no plugin of the schema file" in said, said
            self.configs.delete("unknown")
        with self.checks("amesh plugin check says the same offline"):
            for described, status, words in (
                (config("bad", ("limit-count", {"count": 1})), 1, "lacks time_window"),
                (config("good", EXAMPLE), 0, "✔ good: response-rewrite"),
                *((config("bad", plugin), 1, words) for plugin, words in RESTRICTED),
            ):
                done = subprocess.run(
                    [os.environ["AMESH"], "plugin", "check", "-", "--schema-file", ROOT / "manifests/plugins/schemas.json"],
                    input=json.dumps(described), capture_output=True, text=True, timeout=30,
                )  # fmt: skip
                assert done.returncode == status and words in done.stdout, (done.returncode, done.stdout, done.stderr)

    def strangers(self, web):
        name, token = web
        with self.checks("a sidecar gets the plugins of its own Pod only"):
            with refusal() as refused:
                self.stream((f"{NAMESPACE}/api", token)).next()
            assert refused.code == grpc.StatusCode.PERMISSION_DENIED, refused.code
        with self.checks("who shows no token gets none"):
            with refusal() as refused:
                self.stream((name, None)).next()
            assert refused.code == grpc.StatusCode.UNAUTHENTICATED, refused.code

    # --- selection and merging -----------------------------------------------------------------------------------------

    def matched(self, web, api):
        stream = self.stream(api)
        stream.next()
        key = f"{NAMESPACE}/add-header"
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/api"
        with self.checks("a Pod that gets the label gets the plugin, and loses it with the label"):
            self.server.patch(path, {"metadata": {"labels": {"app": "web"}}})
            stream.until(lambda plugins: key in plugins)
            self.server.patch(path, {"metadata": {"labels": {"app": "api"}}})
            stream.until(lambda plugins: key not in plugins)
        with self.checks("so it is when the selector changes"):
            self.configs.put(config("add-header", EXAMPLE, selector={"app": "api"}))
            stream.until(lambda plugins: key in plugins)
            self.configs.put(config("add-header", EXAMPLE, selector={"app": "web"}))
            stream.until(lambda plugins: key not in plugins)
        with self.checks("a config without a selector is for every Pod of its namespace"):
            self.configs.put(config("everyone", ("cors", {})))
            stream.until(lambda plugins: f"{NAMESPACE}/everyone" in plugins)
            self.configs.delete("everyone")
            stream.until(lambda plugins: not plugins)
        with self.checks("who does not know targets gets no config that has some"):
            self.configs.put(config("aimed", ("cors", {}), targets=[{"direction": "inbound"}]))
            stream.until(lambda plugins: f"{NAMESPACE}/aimed" in plugins)
            assert plain(self.stream(api, knows_targets=False).next()) == {}
            self.configs.delete("aimed")

    def bad_behind_the_webhook(self):
        with self.checks("what came in while nobody judged is not applied, and its status and an Event say why"):
            self.server.delete(VALIDATOR)
            self.slip()
            for plugin, words in (None, "lacks time_window"), *RESTRICTED:
                if plugin:
                    self.configs.put(config("slipped", plugin))
                self.wait_for("slipped", "Accepted", "False", "Invalid")
                said = self.configs.condition("slipped", "Accepted")[2]
                assert words in said, said
            wait_until(lambda: self.events("slipped", "PluginConfigInvalid"), 10, "an Event")
            self.configs.delete("slipped")
            kubectl(*self.manifest)
            wait_until(self.is_trusted, 30, "a caBundle again")

    def events(self, name, reason):
        found = self.server.get(f"/api/v1/namespaces/{NAMESPACE}/events")["items"]
        return [each for each in found if each["reason"] == reason and each["involvedObject"]["name"] == name]

    def conflict(self, web):
        with self.checks("of two that want something else the older one applies, and both say so"):
            stream = self.stream(web)
            stream.next()
            self.configs.put(config("a-later-one", ("response-rewrite", {"body": "x"}), selector={"app": "web"}))
            self.wait_for("a-later-one", "Conflicted", "True", "SamePriority")
            self.wait_for("add-header", "Conflicted", "True", "SamePriority")
            assert "add-header" in self.configs.condition("a-later-one", "Conflicted")[2]
            wait_until(lambda: self.events("a-later-one", "PluginConfigConflict"), 10, "an Event")
            assert stream.is_quiet(1), "what applies has changed"
        with self.checks("a priority settles it"):
            self.configs.put(
                config("a-later-one", ("response-rewrite", {"body": "x"}), selector={"app": "web"}, priority=1)
            )
            response = stream.until(lambda plugins: f"{NAMESPACE}/a-later-one" in plugins)
            assert list(plain(response)) == [f"{NAMESPACE}/a-later-one"], plain(response)
            self.wait_for("add-header", "Conflicted", "False", "NoConflict")
            self.configs.delete("a-later-one")
            stream.until(lambda plugins: list(plugins) == [f"{NAMESPACE}/add-header"])

    # --- in a sidecar --------------------------------------------------------------------------------------------------

    def absent(self, web):
        """Begins early, since it takes its time: a sidecar whose control plane is not there for the first minute."""
        port = free_port()
        self.arrival = port, time.monotonic() + ABSENCE
        self.lonely = PluginSidecar(self.mesh, "lonely", web, port)
        self.sidecars.append(self.lonely)
        with self.checks("a sidecar starts without the control plane of its plugins"):
            self.lonely.wait_for_routes(lambda routes: routes, 15)
            assert not self.lonely.with_plugin("response-rewrite")

    def sidecar(self, web):
        sidecar = PluginSidecar(self.mesh, "sidecar", web, self.mesh.plugin_port)
        self.sidecars.append(sidecar)
        with self.checks("the plugin is in every route of the sidecar, with the first configuration that APISIX sees"):
            first = sidecar.wait_for_routes(lambda routes: routes, 20)
            assert all(route["plugins"]["response-rewrite"] == ADDED for route in first.values()), first
            self.wait_for("add-header", "Programmed", "True", "Programmed")
        with self.checks("deleted, it is gone from there: the routes are what the mesh made them, by one change of the version"):
            before = sidecar.nginx.dump()
            self.configs.delete("add-header")
            after = sidecar.wait(lambda dump: "response-rewrite" not in str(dump.objects), 20)
            assert int(after.version) == int(before.version) + 1, (before.version, after.version)
            plainly = {key: value for key, value in first.items()}
            for route in plainly.values():
                del route["plugins"]
            assert routes_of(after) == plainly, routes_of(after)
        with self.checks("applied again it is there within seconds, by one change of the version"):
            began = time.monotonic()
            kubectl("apply", "--namespace", NAMESPACE, "--filename", "-", stdin=config("add-header", EXAMPLE))
            back = sidecar.wait(lambda dump: "response-rewrite" in str(dump.objects), 20)
            self.checks.note(f"{(time.monotonic() - began) * 1000:.0f} ms from kubectl apply to APISIX's dictionary")
            assert int(back.version) == int(after.version) + 1, (after.version, back.version)
        with self.checks("/debug/plugins tells what applies from where"):
            shown = sidecar.debug("plugins")
            (told,) = shown["configs"]
            assert told["config"] == f"{NAMESPACE}/add-header" and shown["acknowledged"] and not shown["kept"], shown
            assert told["plugins"][0]["routes"] == len(first), shown
        with self.checks("targets choose among its routes"):
            self.configs.put(config("add-header", EXAMPLE, targets=[{"hosts": ["two.example"]}]))
            sidecar.wait_for_routes(lambda routes: len(having(routes)) == 1, 20)
            (route,) = having(routes_of(sidecar.nginx.dump())).values()
            assert "two.example" in json.dumps(route), route
        self.unfit(sidecar)
        with self.checks("the control plane is killed: what applies stays, and what changes comes from the one that is left"):
            before = sidecar.nginx.dump()
            killed, left = self.mesh.replicas
            killed.child.kill()
            # Whichever of them it was at.
            self.configs.put(config("add-header", EXAMPLE))
            sidecar.wait_for_routes(lambda routes: len(having(routes)) == len(first), 30)
            killed.start().wait_until_ready()
            left.child.kill()
            time.sleep(0.5)
            assert sidecar.nginx.dump().objects.keys() == before.objects.keys()
            assert having(routes_of(sidecar.nginx.dump())), "the plugins are gone with the control plane"
            left.start().wait_until_ready()
            self.wait_for("add-header", "Programmed", "True", "Programmed", 60)
        with self.checks("the library's process is killed: the plugins are there before a control plane has answered"):
            sidecar.check_restart()
        with self.checks("the sidecar that was without its control plane for a minute has its plugins"):
            assert not self.lonely.with_plugin("response-rewrite")
            self.children.append(self.lonely.forward(*self.arrival))
            self.lonely.wait_for_routes(lambda routes: len(having(routes)) == len(routes) > 0, 30)
        self.configs.delete("add-header")


    def unfit(self, sidecar):
        """What is not to reach APISIX, or not all of it."""
        self.configs.put(config("add-header", EXAMPLE))
        sidecar.wait_for_routes(lambda routes: len(having(routes)) == len(routes), 20)
        before = sidecar.nginx.dump()

        def is_untouched():
            now = sidecar.nginx.dump()
            return (now.version, now.objects) == (before.version, before.objects)

        with self.checks("a plugin that APISIX does not know is in no route, and the status says so"):
            self.configs.put(config("unknown", ("respond-rewrite", {}), selector={"app": "web"}))
            self.wait_for("unknown", "Programmed", "False", "PartlyRefused")
            said = self.configs.condition("unknown", "Programmed")[2]
            assert "respond-rewrite is not among the plugins that the sidecar's APISIX has switched on" in said, said
            assert is_untouched(), sidecar.nginx.dump().objects
            self.configs.delete("unknown")
        with self.checks("of two that clash APISIX has the older one, and the other one when it has the higher priority"):
            clashing = ("response-rewrite", {"body": "x"})
            self.configs.put(config("the-later-one", clashing, selector={"app": "web"}))
            self.wait_for("the-later-one", "Conflicted", "True", "SamePriority")
            assert is_untouched(), sidecar.nginx.dump().objects
            self.configs.put(config("the-later-one", clashing, selector={"app": "web"}, priority=1))
            routes = sidecar.wait_for_routes(lambda routes: all(given(routes, {"body": "x"})), 20)
            assert len(routes) == len(routes_of(before)), routes
            self.configs.delete("the-later-one")
            sidecar.wait(lambda dump: dump.objects == before.objects, 20)
        with self.checks("what came in while nobody judged does not reach APISIX"):
            before = sidecar.nginx.dump()
            self.server.delete(VALIDATOR)
            self.slip()
            self.wait_for("slipped", "Accepted", "False", "Invalid")
            # After it, so that it would be there.
            self.configs.put(config("after", ("cors", {}), selector={"app": "web"}))
            sidecar.wait_for_routes(lambda routes: all("cors" in route["plugins"] for route in routes.values()), 20)
            assert not sidecar.with_plugin("limit-count")
            for name in ("slipped", "after"):
                self.configs.delete(name)
            sidecar.wait(lambda dump: dump.objects == before.objects, 20)
            kubectl(*self.manifest)
            wait_until(self.is_trusted, 30, "a caBundle again")
        self.configs.put(config("add-header", EXAMPLE, targets=[{"hosts": ["two.example"]}]))
        sidecar.wait_for_routes(lambda routes: len(having(routes)) == 1, 20)

    def slip(self):
        """Makes a config that the webhook, which is not asked any more, would have refused."""

        def is_in():
            return self.configs.create(config("slipped", ("limit-count", {"count": 1})))[0] == 201

        # The API server may ask for a moment longer.
        wait_until(is_in, 10, "it is taken")


def expected(plugin):
    name, settings = plugin
    return name, json.loads(settings)


def routes_of(dump):
    return {key: json.loads(value) for key, value in dump.objects.items() if key.startswith("/routes/")}


def given(routes, settings):
    return [route.get("plugins", {}).get("response-rewrite") == settings for route in routes.values()]


def having(routes):
    return {key: route for key, route in routes.items() if "response-rewrite" in route.get("plugins", {})}


if __name__ == "__main__":
    sys.exit(main())
