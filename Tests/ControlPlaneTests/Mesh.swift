import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Logging
import MeshAuthority
import OpenSSLKeys
import SPIFFE
import ServiceLifecycle
import Testing

@testable import ControlPlane

/// Replicas of a control plane around one API server's twin, by a clock that a test moves.
final class Mesh {
  static let start = Date(timeIntervalSince1970: 1_800_000_000)
  static let names = ObjectNames(namespace: "amesh-system")
  static let webhooks = "amesh-sidecar-injector"

  let server = InMemoryAPIServer()
  let clock = ManualClock()
  let trustDomain: TrustDomain
  let web: WorkloadIdentity
  var replicas: [String: Replica] = [:]
  private var started = 0

  /// One process.
  struct Replica {
    let name: String
    let client: CuttableClient
    let plane: ClusterAuthority
    let task: Task<Void, Never>
    /// How far its wall clock is off, in seconds.
    let skew: TimeInterval
  }

  init() async throws {
    trustDomain = try TrustDomain("mesh.example")
    web = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: "web")
    for name in ["amesh-system", "shop"] { try await addNamespace(name) }
  }

  func addNamespace(_ name: String, labels: [String: String] = [:]) async throws {
    let labels = JSONObject(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    try await server.create(.namespaces, ["metadata": ["name": .string(name), "labels": .object(labels)]])
  }

  /// Lives of seconds, so that a whole rotation fits into some hours of the clock.
  static var policy: RotationPolicy {
    var policy = RotationPolicy()
    policy.rootLife = 4_000
    policy.prepareAhead = 2_000
    policy.intermediateLife = 800
    policy.leafLife = 60
    policy.leafCap = 200
    policy.skew = 120
    return policy
  }

  var now: Date { Self.start.addingTimeInterval(clock.now.offset / .seconds(1)) }

  @discardableResult
  func start(_ given: String? = nil, skew: TimeInterval = 0) async -> Replica {
    started += 1
    let name = given ?? "replica-\(started)"
    let client = CuttableClient(server)
    let openSSL = OpenSSL()
    let clock = clock
    let plane = ClusterAuthority(
      client: client,
      cluster: ClusterAuthority.Configuration(names: Self.names, revision: "default", webhooks: Self.webhooks),
      mesh: MeshAuthorityConfiguration(trustDomain: trustDomain, policy: Self.policy, replica: name),
      cryptography: openSSL,
      openKey: { key throws(KeyError) in
        switch key {
        case .pem(let pem): try openSSL.importKey(pem: pem)
        case .uri(let uri): try openSSL.openKey(at: uri)
        }
      },
      time: Timekeeper(clock),
      wallClock: { Mesh.start.addingTimeInterval(clock.now.offset / .seconds(1) + skew) },
      draw: { 0.5 },
      logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
    )
    let task = Task {
      await withTaskGroup(of: Void.self) { group in
        for service in plane.services { group.addTask { try? await service.run() } }
        await group.waitForAll()
      }
    }
    let replica = Replica(name: name, client: client, plane: plane, task: task, skew: skew)
    replicas[name] = replica
    await settle()
    return replica
  }

  /// Ends a process in the middle of whatever it does; nothing is given back.
  func kill(_ name: String) async {
    guard let replica = replicas.removeValue(forKey: name) else { return }
    replica.client.isCut = true
    replica.task.cancel()
    await replica.task.value
  }

  func end() async {
    for name in replicas.keys.sorted() { await kill(name) }
  }

  /// Election, reports, bundles, webhooks and follower each wait for the time in one place.
  private func settle() async { await clock.waitForSleepers(replicas.count * 6) }

  /// Lets time pass, and every replica take a look.
  func pass(_ seconds: Double) async {
    clock.advance(by: .seconds(seconds))
    // As a server does each minute.
    server.sendBookmarks()
    await settle()
    for replica in replicas.values.sorted(by: { $0.name < $1.name }) { await look(replica) }
    await settle()
  }

  /// - Returns: what was in the way.
  @discardableResult
  func look(_ replica: Replica) async -> MeshAuthorityError? {
    do throws(MeshAuthorityError) {
      _ = try await replica.plane.authority.look(now: now.addingTimeInterval(replica.skew)) {
        await replica.plane.observe($0)
      }
      return nil
    } catch {
      return error
    }
  }

  /// Lets time pass until something holds.
  ///
  /// - Returns: whether it came to that.
  @discardableResult
  func pass(
    upTo seconds: Double,
    step: Double = 5,
    each: () async throws -> Void = {},
    until condition: () async throws -> Bool
  ) async throws -> Bool {
    var passed = 0.0
    while passed < seconds {
      if try await condition() { return true }
      await pass(step)
      try await each()
      passed += step
    }
    return try await condition()
  }

  var leader: Replica? {
    replicas.values.first { $0.plane.election.leadership != nil && !$0.client.isCut }
  }

  private var decoded: (version: String, secret: AuthoritySecret)?

  /// What lies in the Secret.
  func secret() async throws -> AuthoritySecret? {
    guard let object = try await server.find(.secrets, Self.names.key("amesh-ca"))?.root.value else { return nil }
    let version = object["metadata"]?["resourceVersion"]?.string ?? ""
    if let decoded, decoded.version == version { return decoded.secret }
    let secret = try AuthoritySecret(object, path: "", digester: OpenSSL())
    decoded = (version, secret)
    return secret
  }

  func state() async throws -> AuthorityState? { try await secret()?.state }

  func fence() async throws -> Int? { try await secret()?.fence }

  func bundle(in namespace: String) async throws -> PublishedBundle? {
    try await PublishedBundle.read(server, ObjectKey(namespace: namespace, name: "amesh-root"))
  }

  func leaf(_ replica: Replica) throws -> ReleasedCertificate {
    let key = try OpenSSL().makeKey(.ecdsaP256)
    return try replica.plane.authority.issue(web, for: ProvenKey(key), now: now.addingTimeInterval(replica.skew))
  }
}
