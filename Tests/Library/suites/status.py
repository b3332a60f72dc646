"""The sidecar's own ports: readiness, probes of the application, metrics, what people look at."""

import http.server
import json
import threading
import urllib.error
import urllib.request

from library import mesh
from library.ads import CLUSTER
from library.suite import Suite
from peers.process import LOOPBACK, free_port, wait_until


class _Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        healthy = self.path == "/healthy" and self.headers.get("x-probe") == "yes"
        body = b"app_requests_total 7\n" if self.path == "/metrics" else b"hello"
        self.send_response(200 if healthy or self.path == "/metrics" else 500)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Status(Suite):
    def answer(self, nginx, path, port=None, method="GET"):
        """Status and text, also of errors; None while nobody listens, or where who listened ends meanwhile."""
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{port or nginx.status_port}{path}", method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None, ""

    def wait_for_status(self, nginx, status, path="/healthz/ready"):
        wait_until(lambda: self.answer(nginx, path)[0] == status, 10, f"{path} answers {status}")

    def application(self):
        server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _Application)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def test_readiness(self):
        """Ready with the first whole configuration; then through an outage and a reload too"""
        server = self.ads(*mesh.service(1), listen=False)
        nginx = self.nginx(server)
        self.wait_for_status(nginx, 503)
        server.listen()
        wait_until(lambda: self.answer(nginx, "/healthz/ready")[0] == 200, 60, "ready")
        self.assertTrue(nginx.dump().objects, "ready means that workers can read it")
        server.stop()
        agent = nginx.agent()
        nginx.reload()
        wait_until(lambda: nginx.agent() not in (None, agent), 20, "a new worker has the library")
        self.wait_for_status(nginx, 200)

    def test_debug(self):
        """What the control plane sent, what is in use, what was refused and why"""
        server = self.ads(*mesh.service(1))
        nginx = self.nginx(server)
        self.wait_for_status(nginx, 200)
        status = json.loads(self.answer(nginx, "/debug/status")[1])
        self.assertTrue(status["ready"] and status["settled"])
        self.assertEqual((status["source"], status["protocol"]), (server.address, "delta"))
        self.assertEqual(status["version"], nginx.dump().version)
        types = {entry["type"]: entry for entry in json.loads(self.answer(nginx, "/debug/xds")[1])}
        self.assertEqual((types[CLUSTER]["received"], types[CLUSTER]["applied"]), (1, 1))
        objects = [json.loads(value) for key, value in nginx.dump().objects.items() if key.startswith("/routes/")]
        shown = json.loads(self.answer(nginx, "/debug/routes")[1])
        self.assertEqual(sorted(map(str, shown)), sorted(map(str, objects)))
        self.assertTrue(json.loads(self.answer(nginx, "/debug/upstreams")[1]))
        server.set_broken(CLUSTER, "service-1")

        def refused():
            return json.loads(self.answer(nginx, "/debug/rejected")[1])["refused"]

        wait_until(refused, 10, "the refusal is shown")
        self.assertEqual([entry["name"] for entry in refused()], ["service-1"])
        self.assertEqual(self.answer(nginx, "/other")[0], 404)
        self.assertEqual(self.answer(nginx, "/healthz/ready", method="POST")[0], 405)

    def test_probes(self):
        """The kubelet's probes reach the application as they were meant"""
        port = self.application()
        probes = {
            "/app-health/web/livez": {
                "port": port,
                "httpGet": {"path": "/healthy", "httpHeaders": [{"name": "x-probe", "value": "yes"}]},
            },
            "/app-health/web/readyz": {"port": port, "httpGet": {"path": "/sick"}},
            "/app-health/web/startupz": {"port": port, "tcpSocket": {"port": port}},
            "/app-health/gone/livez": {"port": free_port(), "tcpSocket": {}},
        }
        environment = {"AMESH_APP_PROBES": json.dumps(probes), "POD_IP": LOOPBACK}
        nginx = self.nginx("grpc://127.0.0.1:9", environment=environment)
        self.wait_for_status(nginx, 200, "/app-health/web/livez")
        self.assertEqual(self.answer(nginx, "/app-health/web/readyz")[0], 500)
        self.assertEqual(self.answer(nginx, "/app-health/web/startupz")[0], 200)
        self.assertEqual(self.answer(nginx, "/app-health/gone/livez")[0], 503)
        self.assertEqual(self.answer(nginx, "/app-health/none/livez")[0], 404)

    def test_metrics(self):
        """The library's metrics, with the application's beside them; a part that is away harms no other"""
        port = self.application()
        server = self.ads(*mesh.service(1))
        environment = {
            "AMESH_APP_METRICS": json.dumps({"port": port, "path": "/metrics", "scheme": "http"}),
            "AMESH_APISIX_METRICS": f"http://127.0.0.1:{free_port()}/apisix/prometheus/metrics",
        }
        nginx = self.nginx(server, environment=environment)
        self.wait_for_status(nginx, 200)
        status, text = self.answer(nginx, "/metrics", port=nginx.metrics_port)
        self.assertEqual(status, 200)
        lines = text.splitlines()
        self.assertIn("amesh_xds_connected 1", lines)
        self.assertIn("amesh_apisix_ready 1", lines)
        self.assertIn('amesh_xds_resources{state="applied",type="Cluster"} 1', lines)
        self.assertIn("app_requests_total 7", lines)
        self.assertTrue(any(line.startswith("# ") and "was not merged" in line for line in lines))

    def test_quit(self):
        """The application of a Job can end its sidecar"""
        nginx = self.nginx("grpc://127.0.0.1:9")
        self.wait_for_status(nginx, 503)
        self.assertEqual(self.answer(nginx, "/quitquitquit")[0], 405)
        self.assertEqual(self.answer(nginx, "/quitquitquit", method="POST")[0], 200)
        nginx.child.process.wait(15)

    def test_taken_port(self):
        """A port that somebody else holds is waited for"""
        nginx_port = free_port()
        holder = http.server.ThreadingHTTPServer((LOOPBACK, nginx_port), _Application)
        nginx = self.nginx("grpc://127.0.0.1:9", environment={"STATUS_SERVER_PORT": str(nginx_port)})
        wait_until(lambda: "can't listen yet" in nginx.errors(), 10, "the log says it")
        holder.server_close()
        wait_until(lambda: self.answer(nginx, "/healthz/ready", port=nginx_port)[0] == 503, 10, "it listens")
