"""The stream to a control plane, and what of it reaches workers."""

from library import mesh
from library.ads import CLUSTER, ENDPOINTS, LISTENER
from library.suite import Suite
from peers.process import wait_until


class Streams(Suite):
    def test_delta(self):
        """Delta: everything that is referenced arrives, changes and goes"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        first = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        server.set(mesh.endpoints("service-1", 8081, 8082))
        second = nginx.wait_for(lambda dump: "8082" in "".join(dump.objects.values()), 10, "new endpoints")
        self.assertEqual(first.objects.keys(), second.objects.keys())
        for type_url in server.resources:
            server.remove(type_url, *list(server.resources[type_url]), push=False)
        server.push()
        nginx.wait_for(lambda dump: not dump.objects and dump.has_anchor, 10, "nothing left but the anchor")

    def test_state_of_the_world(self):
        """State of the world, by the switch: the same"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server, environment={"AMESH_XDS_PROTOCOL": "sotw"})
        nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        server.set(mesh.endpoints("service-1", 8081, 8082))
        nginx.wait_for(lambda dump: "8082" in "".join(dump.objects.values()), 10, "new endpoints")
        for type_url in server.resources:
            server.remove(type_url, *list(server.resources[type_url]), push=False)
        server.push()
        nginx.wait_for(lambda dump: not dump.objects, 10, "nothing left")

    def test_fallback(self):
        """A control plane without delta is asked for the state of the world"""
        server = self.ads(*mesh.service(1), delta=False)
        nginx = self.nginx(server)
        nginx.wait_for(lambda dump: dump.objects, 10, "objects")

    def test_node(self):
        """The node is a sidecar of the Pod"""
        server = self.ads(*mesh.service(1))
        labels = self.folder / "labels"
        labels.write_text('app="cart"\nversion="v1"\n')
        nginx = self.nginx(server, environment={"AMESH_POD_LABELS_FILE": str(labels)})
        nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        node = server.nodes[0]
        self.assertEqual(node.id, "sidecar~10.9.0.1~cart.shop~shop.svc.cluster.local")
        self.assertEqual(node.metadata["LABELS"]["version"], "v1")
        self.assertEqual(len(server.nodes), 1, "once a stream")
        self.assertNotIn("authorization", server.metadata[0], "a token over plain text")

    def test_bad_resource(self):
        """Good resources of a response are used, the bad one is refused by name, and its last good one stays"""
        server = self.ads(*mesh.service(1), *mesh.service(2))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: len(dump.objects) >= 4, 10, "objects")
        server.set_broken(CLUSTER, "service-1")
        refusal = server.wait_for_request(lambda request: request.HasField("error_detail"), what="a NACK")
        self.assertIn('Cluster "service-1"', refusal.error_detail.message)
        self.assertEqual(nginx.dump().objects, before.objects)
        server.set(mesh.endpoints("service-2", 8088))
        nginx.wait_for(lambda dump: "8088" in "".join(dump.objects.values()), 10, "other changes go on")

    def test_reconnect(self):
        """A broken stream changes nothing; the next names what is there, and only news is sent"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        for opened in range(2, 5):
            server.requests.clear()
            server.disconnect()
            wait_until(lambda: server.opened >= opened, 20, "the next stream")
            request = server.wait_for_request(lambda request: request.type_url == CLUSTER)
            self.assertEqual(list(request.initial_resource_versions), ["service-1"])
        after = nginx.dump()
        self.assertEqual((after.version, after.objects), (before.version, before.objects))
        server.remove(LISTENER, "0.0.0.0_9001", push=False)
        server.disconnect()
        nginx.wait_for(lambda dump: dump.version != before.version, 20, "what changed while it was away")

    def test_failover(self):
        """The next address is taken where one does not answer"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx("grpc://127.0.0.1:9", server)
        nginx.wait_for(lambda dump: dump.objects, 20, "objects")

    def test_outage(self):
        """Without a control plane the last configuration stays, and its return is noticed"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        server.stop()
        wait_until(lambda: "not connected to the control plane" in nginx.errors(), 10, "the log says it")
        self.assertEqual(nginx.dump().objects, before.objects)
        server.set(mesh.endpoints("service-1", 8083))
        server.listen()
        nginx.wait_for(lambda dump: "8083" in "".join(dump.objects.values()), 60, "news")

    def test_warming(self):
        """A route waits for its cluster, and that for its endpoints"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        server.silent.add(ENDPOINTS)
        server.set(mesh.cluster("service-2"), mesh.endpoints("service-2", 8084), mesh.routes("9001", "service-2"))
        server.wait_for_request(lambda request: "service-2" in request.resource_names_subscribe)
        self.assertEqual(nginx.dump().objects, before.objects)
        server.silent.clear()
        server.push()
        after = nginx.wait_for(lambda dump: "8084" in "".join(dump.objects.values()), 10, "the new cluster")
        self.assertNotEqual(after.version, before.version)

    def test_large(self):
        """Responses of several megabytes"""
        server = self.ads()
        services = [message for number in range(1500) for message in mesh.service(number, *range(8000, 8020))]
        for message in services:
            if hasattr(message, "alt_stat_name"):
                message.alt_stat_name = "x" * 5000
        self.assertGreater(sum(message.ByteSize() for message in services if hasattr(message, "alt_stat_name")), 6 << 20)
        server.set(*services)
        nginx = self.nginx(server, config_size="40m", version_size="4m")
        nginx.wait_for(lambda dump: len(dump.objects) >= 3000, 60, "all objects")

    def test_coalescing(self):
        """Churn changes the version at most once in an interval, and the end is what was last said"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server, environment={"AMESH_SYNC_INTERVAL": "1s"})
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        for port in range(7000, 7200):
            server.set(mesh.endpoints("service-1", port))
        after = nginx.wait_for(lambda dump: "7199" in "".join(dump.objects.values()), 20, "the last endpoints")
        self.assertLessEqual(int(after.version) - int(before.version), 6)

    def test_memory(self):
        """A full dictionary is reported and keeps the last configuration; when there is room the rest is written"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server, config_size="256k")
        before = nginx.wait_for(lambda dump: dump.objects, 10, "objects")
        self.assertEqual(nginx.get("/plant?key=ballast&size=120000").strip(), "true")
        server.set(*[message for number in range(2, 80) for message in mesh.service(number, *range(8000, 8030))])
        wait_until(lambda: "xds-config is full" in nginx.errors(), 20, "the log says it")
        dump = nginx.dump()
        self.assertEqual(dump.version, before.version)
        self.assertEqual({key for key in dump.objects if key != "ballast"}, set(before.objects))
        server.set(*[mesh.endpoints(f"service-{number}", 8000) for number in range(2, 80)])
        nginx.get("/free?key=ballast")
        nginx.wait_for(lambda dump: len(dump.objects) >= 158, 60, "all objects")
