import ArgumentParser
import CallServer
import CallerAuthentication
import CoreMetrics
import FoundationEssentials
import Glibc
import IdentityServer
import Injection
import KubernetesObjects
import Logging
import SPIFFE
import WorkloadDiscovery

/// Workload discovery as `amesh serve` has it, with the Pods of a cluster that is made up, on a Unix socket; for
/// hack/bench-identity.
///
/// Says `ready`. A line `move FIRST COUNT` on standard input gives those Pods another mode, one after the other as an
/// informer would tell; it is answered by `moved` and seconds. It ends with standard input.
@main struct WorkloadBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "workload-bench")

  @Option(help: "The socket.") var unix: String
  @Option(help: "Pods of the mesh.") var pods = 10_000

  func run() async throws {
    let limits = CallLimits()
    let source = WorkloadSource(metrics: WorkloadMetrics(factory: NOOPMetricsHandler.instance))
    let metrics = CallServerMetrics(factory: NOOPMetricsHandler.instance)
    let trustDomain = try TrustDomain("cluster.local")
    var cluster = try (0..<pods).map { try Pod(number: $0, trustDomain: trustDomain) }
    source.take(cluster.map(\.change))
    source.complete()
    let service = WorkloadDiscoveryService(
      source: source,
      authentication: AnyPod(identity: cluster[0].identity),
      streams: StreamBook(limits: limits, metrics: metrics),
      identifier: "bench",
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    let server = CallServer(
      socket: try ListeningSocket(unixPath: unix, mode: 0o600),
      limits: limits,
      tls: nil,
      metrics: metrics,
      jitter: { 0 },
      services: [service]
    )
    async let serving: Void = server.run()
    tell("ready")
    while let line = readLine() {
      let words = line.split(separator: " ")
      guard words.count == 3, words[0] == "move", let first = Int(words[1]), let count = Int(words[2]) else {
        throw ValidationError("\"\(line)\" is not: move FIRST COUNT")
      }
      let start = ContinuousClock.now
      for index in cluster.indices.dropFirst(first).prefix(count) {
        cluster[index].mtls = cluster[index].mtls == .strict ? .permissive : .strict
        source.take([cluster[index].change])
      }
      tell("moved", "\((ContinuousClock.now - start) / .seconds(1))")
    }
    server.beginGracefulShutdown()
    try await serving
  }

  private func tell(_ words: String...) {
    print(words.joined(separator: "\t"))
    fflush(nil)
  }
}

/// One Pod; twenty are a workload's.
private struct Pod {
  let number: Int
  let identity: WorkloadIdentity
  let address: IPAddress
  var mtls = MTLSMode.permissive

  init(number: Int, trustDomain: TrustDomain) throws {
    self.number = number
    let workload = number / 20
    identity = try WorkloadIdentity(
      trustDomain: trustDomain,
      namespace: "team-\(workload / 50)",
      serviceAccount: "service-\(workload % 50)"
    )
    let text = "10.\(64 + number >> 16).\(number >> 8 & 255).\(number & 255)"
    guard let address = IPAddress(text) else { throw ValidationError("\(text) is no address") }
    self.address = address
  }

  var change: PodEndpointChange {
    let workload = Workload(identity: identity, mtls: mtls, inboundPorts: [])
    let endpoint = PodEndpoint(addresses: [address], created: "2026-01-01T00:00:00Z", workload: workload)
    return PodEndpointChange(uid: "pod-\(number)", isLeaving: false, endpoint: endpoint)
  }
}

/// Everybody is taken for the same: what tokens cost is measured elsewhere.
private struct AnyPod: CallerAuthentication {
  let identity: WorkloadIdentity

  func caller(_ evidence: CallerEvidence) async -> Caller? {
    Caller(
      identity: identity,
      method: .staticToken,
      lastTokenAuthentication: Date(),
      credentialExpiry: nil,
      credentialHash: CredentialHash(of: [])
    )
  }
}
