import EnvoyAPI
import SidecarSettings
import SwiftProtobuf
import Testing

@Suite struct SidecarSettingsTests {
  @Test func `an empty environment has sensible defaults`() {
    let settings = SidecarSettings(environment: [:])
    #expect(settings.problems == [])
    #expect(settings.sources.map(\.description) == [SidecarSettings.defaultSource])
    #expect(settings.variant == .delta)
    #expect(settings.interval == .milliseconds(200))
    #expect(settings.statusPort == 15021 && settings.metricsPort == 15020)
  }

  @Test(
    arguments: [
      ("grpc://istiod:15010", "grpc://istiod:15010"),
      ("grpcs://a.b:15012, grpc://[fd00::1]:15010", "grpcs://a.b:15012 grpc://[fd00::1]:15010"),
      ("http://istiod:1", ""), ("grpc://istiod", ""), ("grpc://istiod:0", ""), ("grpc://:15010", ""),
      ("grpc://a b:15010", ""), ("grpc://ok:1,nonsense", "grpc://ok:1"),
    ]
  )
  func `sources are addresses, and what is none is named`(_ text: String, _ expected: String) {
    let settings = SidecarSettings(environment: ["ISTIO_XDS_SOURCE": text])
    #expect(settings.sources.map(\.description).joined(separator: " ") == expected)
    #expect(settings.problems.isEmpty == (settings.sources.count == text.split(separator: ",").count))
  }

  @Test func `ours goes over the first Amesh's`() {
    let settings = SidecarSettings(environment: [
      "ISTIO_XDS_SOURCE": "grpc://old:1", "AMESH_XDS_SOURCE": "grpc://new:1",
    ])
    #expect(settings.sources.map(\.host) == ["new"])
  }

  @Test(arguments: [("10", Duration.seconds(10)), ("50ms", .milliseconds(50)), ("2s", .seconds(2)), ("0", .zero)])
  func `intervals`(_ text: String, _ expected: Duration) {
    #expect(SidecarSettings(environment: ["AMESH_SYNC_INTERVAL": text]).interval == expected)
  }

  @Test(
    arguments: [
      ("AMESH_SYNC_INTERVAL", "soon"), ("AMESH_SYNC_INTERVAL", "99999999999999999999"), ("STATUS_SERVER_PORT", "0"),
      ("METRICS_SERVER_PORT", "70000"), ("AMESH_XDS_PROTOCOL", "rest"), ("AMESH_APP_PROBES", "{"),
      ("AMESH_APP_PROBES", #"{"/x":{"port":0}}"#), ("AMESH_APP_PROBES", #"{"/x":{"port":80,"exec":{}}}"#),
      ("AMESH_APP_PROBES", #"{"/x":{"port":80,"httpGet":{"path":"/a\r\nb"}}}"#),
      ("AMESH_APP_METRICS", #"{"port":80,"scheme":"https"}"#), ("AMESH_APISIX_METRICS", "http://example.org:80/"),
    ]
  )
  func `a bad value is named, and the default counts`(_ name: String, _ value: String) {
    let settings = SidecarSettings(environment: [name: value])
    #expect(settings.problems.count == 1)
    #expect(settings.problems.first?.hasPrefix("\(name): ") ?? false)
    #expect(settings.statusPort == 15021 && settings.appProbes.isEmpty && settings.interval == .milliseconds(200))
  }

  @Test func `probes as injection records them`() {
    let text = #"""
      {"/app-health/web/livez":{"port":8080,"timeoutSeconds":3,"httpGet":{"path":"health","port":"http","scheme":"HTTPS",
      "httpHeaders":[{"name":"x-a","value":"b"}]}},"/app-health/web/readyz":{"port":9090,"httpGet":null,"tcpSocket":{"port":1}},
      "/app-health/web/startupz":{"port":9000,"grpc":{"port":9000,"service":"s"}}}
      """#
    let settings = SidecarSettings(environment: ["AMESH_APP_PROBES": text])
    #expect(settings.problems == [])
    let live = settings.appProbes["/app-health/web/livez"]
    #expect(live?.timeout == .seconds(3) && live?.port == 8080)
    #expect(
      live?.action == .http(.init(isSecure: true, path: "/health", headers: [.init(name: "x-a", value: "b")]))
    )
    #expect(settings.appProbes["/app-health/web/readyz"]?.action == .tcp)
    #expect(settings.appProbes["/app-health/web/startupz"]?.action == .grpc(service: "s"))
  }

  @Test func `the node is what Istio expects of a sidecar`() {
    let settings = SidecarSettings(environment: [
      "POD_NAME": "cart", "POD_NAMESPACE": "shop", "POD_IP": "10.9.0.1", "POD_IPS": "10.9.0.1,fd00::1",
      "AMESH_CLUSTER_DOMAIN": "mesh.local", "SERVICE_ACCOUNT": "cart-sa",
    ])
    let labels = PodLabels.parse("app=\"cart\"\nnote=\"a\\\"b\"\nbroken\nempty=\"\"\n")
    let node = settings.identity.node(labels: labels, userAgentVersion: "1")
    #expect(node.id == "sidecar~10.9.0.1~cart.shop~shop.svc.mesh.local")
    #expect(node.cluster == "cart.shop")
    let fields = node.metadata.fields
    #expect(fields["NAMESPACE"]?.stringValue == "shop")
    #expect(fields["INSTANCE_IPS"]?.stringValue == "10.9.0.1,fd00::1")
    #expect(fields["SERVICE_ACCOUNT"]?.stringValue == "cart-sa")
    #expect(fields["INTERCEPTION_MODE"]?.stringValue == "REDIRECT")
    #expect(fields["CLUSTER_ID"]?.stringValue == "Kubernetes")
    #expect(fields["GENERATOR"] == nil)
    #expect(
      fields["LABELS"]?.structValue.fields.mapValues(\.stringValue) == ["app": "cart", "note": "a\"b", "empty": ""]
    )
  }
}
