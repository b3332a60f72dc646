import CallerAuthentication
import CoreMetrics
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import Logging
import SPIFFE
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

/// A cluster in memory, what we know of it, and callers with its tokens; time stands still until a test moves it.
final class TestCluster: Sendable {
  let server = InMemoryAPIServer()
  let clock = ManualClock()
  let signing = SigningCluster()
  let keys: ClusterSigningKeys
  let objects: BoundObjects
  let reviewer: TokenReviewer
  let tokens: ClusterTokens
  /// What has ended, as listeners are told.
  let ended = Observed<[EndedObject]>([])
  /// How often the keys have changed.
  let keyChanges = Observed(0)

  static let metrics = ClusterIdentityMetrics(factory: NOOPMetricsHandler.instance)
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(
    issuer: String? = nil,
    requireBoundPod: Bool = true,
    limits: TokenReviewer.Limits = TokenReviewer.Limits(),
    metrics: ClusterIdentityMetrics = metrics
  ) throws {
    server.serve(DiscoveryDocument.keysPath, SigningCluster.keySet(signing))
    server.serve(DiscoveryDocument.path, SigningCluster.discovery())
    let time = Timekeeper(clock)
    let logger = Self.logger
    keys = ClusterSigningKeys(server, time: time, draw: { 0.5 }, metrics: metrics, logger: logger)
    objects = BoundObjects(server, time: time, draw: { 0.5 }, metrics: metrics, logger: logger)
    reviewer = TokenReviewer(server, limits: limits, time: time, metrics: metrics, logger: logger)
    var rules = ClusterTokens.Rules(
      trustDomain: try TrustDomain("cluster.local"),
      issuer: issuer,
      audiences: ["amesh-ca", "istio-ca"]
    )
    rules.requireBoundPod = requireBoundPod
    tokens = try ClusterTokens(
      rules,
      keys: keys,
      objects: objects,
      reviewer: reviewer,
      metrics: metrics,
      logger: logger
    )
    let ended = ended
    objects.onEnd { objects in ended.change { $0 += objects } }
    let keyChanges = keyChanges
    keys.onChange { _ in keyChanges.change { $0 += 1 } }
  }

  /// The wall clock's time.
  var now: Date {
    Date(timeIntervalSince1970: TimeInterval(SigningCluster.issuedAt) + 60 + (clock.now.offset / .seconds(1)))
  }

  /// Runs everything while `body` does, once all is known.
  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.keys.run() }
      group.addTask { try await self.objects.run() }
      try await objects.waitUntilSynced()
      await keyChanges.wait { $0 == 1 }
      await clock.waitForSleepers(1)
      // Changes from here on come by the watches.
      await server.observed.wait { $0.watchCount == 2 }
      defer { group.cancelAll() }
      try await body()
    }
  }

  /// From now on the informers hear nothing, until time moves on.
  func deafen() async {
    server.endWatches(throwing: .cut)
    await clock.waitForSleepers(3)
  }

  // MARK: What is in the cluster

  @discardableResult
  func createServiceAccount(_ name: String = "cart") async throws -> String {
    let account: JSONValue = ["metadata": ["name": .string(name), "namespace": "shop"]]
    return try Self.uid(await server.create(.serviceAccounts, account))
  }

  @discardableResult
  func createPod(_ name: String = "cart-0", serviceAccount: String = "cart", node: String? = nil) async throws -> String
  {
    var spec: JSONValue = ["serviceAccountName": .string(serviceAccount)]
    spec["nodeName"] = node.map { .string($0) }
    let pod: JSONValue = ["metadata": ["name": .string(name), "namespace": "shop"], "spec": spec]
    return try Self.uid(await server.create(.pods, pod))
  }

  /// Namespace, ServiceAccount and Pod of the usual names; a token of the Pod.
  func workload() async throws -> TestToken {
    _ = try await server.create(.namespaces, ["metadata": ["name": "shop"]])
    return try await token(pod: createPod(), serviceAccount: createServiceAccount())
  }

  /// A token that the API server knows too.
  func token(
    pod: String,
    serviceAccount: String,
    name: String = "cart-0",
    by signing: SigningCluster? = nil
  ) throws -> TestToken {
    var claims = TestClaims()
    claims.serviceAccountUID = serviceAccount
    claims.pod = (name, pod)
    let token = try TestToken(claims, by: signing ?? self.signing)
    register(token)
    return token
  }

  /// Lets the API server take the token for its own.
  func register(_ token: TestToken) {
    let claims = token.claims
    server.observed.change { state in
      state.tokens[token.text] = TwinToken(
        serviceAccount: ObjectKey(namespace: claims.namespace, name: claims.serviceAccount),
        uid: claims.serviceAccountUID,
        audiences: [claims.audience],
        pod: claims.pod
      )
    }
  }

  static func uid(_ document: JSONDocument) throws -> String {
    try #require(document.root["metadata"]?.string(of: "uid"))
  }

  // MARK: What callers get

  func judge(_ token: TestToken) async -> Outcome {
    Outcome(await tokens.judge(Credentials(token: token.bearer), at: now))
  }

  var reviews: Int { server.observed.state.requests("create", .tokenReviews) }
  var keyReads: Int {
    server.observed.state.requests.count { $0.verb == "read" && $0.name == DiscoveryDocument.keysPath }
  }
}

struct TestToken: Sendable {
  let claims: TestClaims
  let text: String
  let bearer: BearerToken

  init(_ claims: TestClaims = TestClaims(), by signing: SigningCluster) throws {
    self.claims = claims
    text = try signing.token(claims)
    bearer = try BearerToken(Array(text.utf8))
  }
}

/// A verdict, fit for comparison.
enum Outcome: Equatable {
  case accepted(pod: String?)
  case refused(AuthenticationFailure.Reason)
  case passed(AuthenticationFailure.Reason)
  case notApplicable

  init(_ verdict: AuthenticationVerdict) {
    switch verdict {
    case .authenticated(let caller): self = .accepted(pod: caller.pod?.uid)
    case .refused(let failure): self = .refused(failure.reason)
    case .passed(let failure): self = .passed(failure.reason)
    case .notApplicable: self = .notApplicable
    }
  }

  var isAccepted: Bool { if case .accepted = self { true } else { false } }
}
