package import Injection
package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// What every part of the cluster can do: the oldest of the API server and of the kubelets that Pods may be given to.
package final class ClusterVersion: Service {
  private struct Memory {
    var server: Int?
    var problem: String?
    var told: ClusterCapabilities?
    var listeners: [@Sendable () -> Void] = []
  }

  /// Between two looks at the API server's version, give or take a tenth: it changes by upgrades.
  private static let period = Duration.seconds(300)
  private static let timeLimit = Duration.seconds(10)

  private let client: any KubernetesClient
  private let nodes: Informer<KubeletVersion>
  private let backoff: Backoff
  private let time: Timekeeper
  private let draw: @Sendable () -> Double
  private let logger: Logger
  private let memory = NIOLockedValueBox(Memory())

  /// - Parameter draw: chance, 0 to 1.
  package init(
    _ client: any KubernetesClient,
    backoff: Backoff = Backoff(first: .seconds(1)),
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.client = client
    self.backoff = backoff
    self.time = time
    self.draw = draw
    self.logger = logger
    nodes = Informer(
      client,
      .nodes,
      projection: { KubeletVersion($0) },
      backoff: backoff,
      time: time,
      draw: draw,
      logger: logger
    )
    nodes.onChange { [weak self] _ in self?.tell() }
  }

  package var hasSynced: Bool { nodes.hasSynced && memory.withLockedValue { $0.server != nil } }

  /// What is in the way now; nil while all is well.
  package var problem: String? { memory.withLockedValue { $0.problem } ?? nodes.problem?.description }

  /// What is known now. Without the API server's version or the nodes nothing is: either may be old.
  package var capabilities: ClusterCapabilities {
    guard nodes.hasSynced, let server = memory.withLockedValue({ $0.server }) else { return ClusterCapabilities() }
    return Self.capabilities(server: server, nodes: nodes.all.values.map { $0 })
  }

  /// A pure decision. Nodes that take no Pods now count only where there are no others.
  static func capabilities(server: Int, nodes: [KubeletVersion]) -> ClusterCapabilities {
    let takers = nodes.filter(\.takesPods)
    var oldest = server
    for node in takers.isEmpty ? nodes : takers {
      guard let minor = node.minor else { return ClusterCapabilities() }
      oldest = min(oldest, minor)
    }
    return ClusterCapabilities(minorVersion: oldest)
  }

  /// Calls `listener` after each change of ``capabilities``. To be called before this runs.
  package func onChange(_ listener: @escaping @Sendable () -> Void) {
    memory.withLockedValue { $0.listeners.append(listener) }
  }

  package func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.nodes.run() }
      group.addTask { await self.followServer() }
      // The list's own end is told to nobody: a cluster without nodes changes nothing.
      group.addTask {
        await cancelWhenGracefulShutdown { try? await self.nodes.waitUntilSynced() }
        self.tell()
      }
      try await group.waitForAll()
    }
  }

  private func followServer() async {
    await cancelWhenGracefulShutdown {
      var failures = 0
      while !Task.isCancelled {
        let isGood = await self.readServer()
        failures = isGood ? 0 : failures + 1
        let wait =
          isGood
          ? Self.period * (0.9 + 0.2 * self.draw()) : self.backoff.wait(failures: failures, draw: self.draw())
        try? await self.time.sleep(wait)
      }
    }
  }

  private func readServer() async -> Bool {
    let client = client
    let answer = await time.bounded(Self.timeLimit) { () async -> Result<[UInt8], APIError> in
      do throws(APIError) {
        return .success(try await client.read("/version"))
      } catch {
        return .failure(error)
      }
    }
    if Task.isCancelled { return false }
    switch answer {
    case .success(let text):
      guard let minor = KubernetesVersion.minor(answer: text) else { return fail("its answer at /version is none") }
      memory.withLockedValue { memory in
        memory.server = minor
        memory.problem = nil
      }
      tell()
      return true
    case .failure(let error): return fail("\(error)")
    case nil: return fail("no answer within \(Self.timeLimit)")
    }
  }

  private func fail(_ problem: String) -> Bool {
    let isNew = memory.withLockedValue { memory in
      defer { memory.problem = problem }
      return memory.problem != problem
    }
    // The same failure is told once.
    if isNew { logger.warning("The API server's version can't be read", metadata: ["error": "\(problem)"]) }
    return false
  }

  private func tell() {
    guard nodes.hasSynced else { return }
    let listeners = memory.withLockedValue { memory -> [@Sendable () -> Void] in
      guard let server = memory.server else { return [] }
      let capabilities = Self.capabilities(server: server, nodes: nodes.all.values.map { $0 })
      guard memory.told != capabilities else { return [] }
      memory.told = capabilities
      return memory.listeners
    }
    for listener in listeners { listener() }
  }
}
