import AmeshTesting
import Injection
import KubernetesObjects
import Testing

/// What holds for every Pod, tried on Pods by chance; a failing seed can be run again.
@Suite struct RandomPodTests {
  static let seeds = Array(UInt64(1)...24)
  static let podsPerSeed = 12

  static func injector() -> Injector {
    var settings = MeshSettings()
    settings.imagePullSecrets = ["mesh-registry"]
    return Injector(settings: settings)
  }

  static func context(_ minor: Int) -> InjectionContext {
    InjectionContext(
      namespace: NamespaceMetadata(name: "shop", labels: [MeshNames.injectionLabel: "enabled"]),
      cluster: ClusterCapabilities(minorVersion: minor)
    )
  }

  static func inject(_ pod: JSONValue, _ minor: Int) throws -> InjectionOutcome {
    injector().inject(pod: try JSONDocument(parsing: pod.serialized()).root, context: context(minor))
  }

  static func text(_ value: JSONValue) -> String { String(decoding: value.serialized(), as: UTF8.self) }

  @Test(arguments: seeds) func `twice is once, and taken out it is the same Pod byte for byte`(seed: UInt64) throws {
    var pods = RandomPod(seed: seed)
    for _ in 0..<Self.podsPerSeed {
      let pod = pods.next()
      for minor in [20, 33] {
        let first = try Self.inject(pod, minor)
        try #require(first.verdict == .injected, "\(first.message): \(Self.text(pod))")
        let result = try first.applied(to: pod)
        let again = try Self.inject(result, minor)
        #expect(again.patch == nil && again.reason == first.reason, "\(Self.text(pod))")
        let back = try #require(Uninjector.uninject(result))
        #expect(back == pod)
        // A null beside a handler comes back next to it, wherever it was.
        if !Self.text(pod).contains("\"httpGet\":null") { #expect(Self.text(back) == Self.text(pod)) }
      }
    }
  }

  @Test(arguments: seeds) func `the result stays as it is once an API server has stored it`(seed: UInt64) throws {
    var pods = RandomPod(seed: seed)
    let servers = [20, 29, 33].flatMap { minor in
      [false, true].map { APIServerDefaults(minorVersion: minor, hasLimitRange: $0, pullsAlways: $0) }
    }
    for index in 0..<Self.podsPerSeed {
      let server = servers[index % servers.count]
      // Defaults come first, the webhook sees what they made.
      let pod = server.stored(pods.next())
      let result = try Self.inject(pod, server.minorVersion).applied(to: pod)
      let again = try Self.inject(server.stored(result), server.minorVersion)
      #expect(again.verdict == .injected)
      #expect(again.patch.map { String(decoding: $0, as: UTF8.self) } == nil, "\(server)")
    }
  }

  @Test(arguments: seeds) func `a manifest injected beforehand stays as it is in the cluster`(seed: UInt64) throws {
    var pods = RandomPod(seed: seed)
    for index in 0..<Self.podsPerSeed {
      let server = APIServerDefaults(minorVersion: [20, 29, 33][index % 3])
      let pod = pods.next()
      let result = try Self.inject(pod, server.minorVersion).applied(to: pod)
      let again = try Self.inject(server.stored(result), server.minorVersion)
      #expect(again.verdict == .injected)
      #expect(again.patch.map { String(decoding: $0, as: UTF8.self) } == nil, "\(Self.text(pod))")
    }
  }

  @Test(arguments: seeds) func `what is the application's stays, but for probes`(seed: UInt64) throws {
    var pods = RandomPod(seed: seed)
    for _ in 0..<Self.podsPerSeed {
      let pod = pods.next()
      let result = try Self.inject(pod, 33).applied(to: pod)
      for list in ["containers", "initContainers", "volumes", "imagePullSecrets"] {
        let before = (pod["spec"]?[list]?.array ?? []).map { Self.text(Self.withoutProbes($0)) }
        let after = (result["spec"]?[list]?.array ?? []).map { Self.text(Self.withoutProbes($0)) }
        #expect(after.filter(before.contains) == before)
        let added = after.filter { !before.contains($0) }
        #expect(added.allSatisfy { $0.contains("\"amesh-") || $0.contains("\"mesh-registry\"") })
      }
      for (key, value) in pod["spec"]?.object ?? [:] where value.array == nil && !value.isNull {
        #expect(result["spec"]?[key] == value)
      }
    }
  }

  @Test func `API server's defaults in the fixtures are those of the simulation`() throws {
    for (name, minor) in [("unchanged-kubernetes-1.20", 20), ("unchanged-kubernetes-1.33", 33)] {
      let fixture = try GoldenCase(GoldenTests.folder.input(name)).pod
      let simulated = APIServerDefaults(minorVersion: minor).stored(fixture)
      for list in ["containers", "initContainers"] { #expect(simulated["spec"]?[list] == fixture["spec"]?[list]) }
    }
  }

  private static func withoutProbes(_ value: JSONValue) -> JSONValue {
    var value = value
    for key in ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] { value[key] = nil }
    return value
  }
}
