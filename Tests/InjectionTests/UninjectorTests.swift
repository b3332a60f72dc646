import Injection
import KubernetesObjects
import Testing

@Suite struct UninjectorTests {
  @Test(arguments: [33, 20]) func `gives the original Pod back, and a second injection changes nothing`(minor: Int)
    throws
  {
    let pod = try JSONValue(
      parsing: Array(
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","annotations":{"prometheus.io/scrape":"true",
        "prometheus.io/port":"9090"}},"spec":{"initContainers":null,"containers":[{"name":"web","image":"nginx",
        "ports":[{"name":"http","containerPort":8080}],
        "livenessProbe":{"httpGet":{"path":"/live","port":"http"},"periodSeconds":5},
        "readinessProbe":{"tcpSocket":{"port":8080},"periodSeconds":1}}]}}
        """.utf8
      )
    )
    let injector = Injector(settings: MeshSettings())
    let context = InjectionContext(
      namespace: NamespaceMetadata(name: "demo", labels: [MeshNames.injectionLabel: "enabled"]),
      cluster: ClusterCapabilities(minorVersion: minor)
    )
    let document = try JSONDocument(parsing: pod.serialized())
    let outcome = injector.inject(pod: document.root, context: context)
    let injected = try JSONPatch(JSONValue(parsing: try #require(outcome.patch))).apply(to: pod)
    #expect(injected != pod)
    #expect(injector.inject(pod: try JSONDocument(parsing: injected.serialized()).root, context: context).patch == nil)
    #expect(Uninjector.uninject(injected) == pod)
    // As API servers before 1.27 keep it.
    var old = injected
    for name in ["amesh-init", "amesh-proxy"] {
      old["metadata"]?["annotations"]?["container.seccomp.security.alpha.kubernetes.io/\(name)"] = "runtime/default"
    }
    #expect(old != injected)
    #expect(Uninjector.uninject(old) == pod)
  }
}
