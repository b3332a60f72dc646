package import FoundationEssentials
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Sees to it that one replica leads: takes the Lease, renews it, and gives it back in the end.
///
/// For a moment there can be two who take themselves for the leader, since nothing stops a process that is asleep. So
/// leader's work carries ``Leadership/fence``, and where it is kept a lower one is refused.
package final class LeaderElection: Service {
  private struct Memory {
    var state: LeaderElectionState
    var told: Int?
    var problem: APIError?
    var listeners: [@Sendable (Leadership?) -> Void] = []
  }

  private let client: any KubernetesClient
  private let lease: ObjectKey
  private let identity: String
  private let timing: LeaderElectionTiming
  private let fencingFloor: @Sendable () async -> Int
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let draw: @Sendable () -> Double
  private let logger: Logger
  private let memory: NIOLockedValueBox<Memory>

  /// - Parameters:
  ///   - lease: which one; it is made where it is not there.
  ///   - identity: of this process and no other, not of its Pod, which may run several one after the other.
  ///   - fencingFloor: the highest fence that leader's work carries; ours will be higher, even if the Lease was deleted.
  package init(
    client: any KubernetesClient,
    lease: ObjectKey,
    identity: String,
    timing: LeaderElectionTiming = LeaderElectionTiming(),
    fencingFloor: @escaping @Sendable () async -> Int = { 0 },
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.client = client
    self.lease = lease
    self.identity = identity
    self.timing = timing
    self.fencingFloor = fencingFloor
    self.time = time
    self.wallClock = wallClock
    self.draw = draw
    self.logger = logger
    memory = NIOLockedValueBox(Memory(state: LeaderElectionState(identity: identity, timing: timing)))
  }

  /// That we lead now; nil if we do not. To be asked before each piece of leader's work.
  package var leadership: Leadership? {
    let now = time.now()
    return memory.withLockedValue { $0.state.leadership(now: now) }
  }

  /// Who holds the Lease as far as we know; nil if nobody does.
  package var holder: String? {
    memory.withLockedValue { $0.state.observedHolder.flatMap { $0.isEmpty ? nil : $0 } }
  }

  /// What is in the way of the election now.
  package var problem: APIError? { memory.withLockedValue { $0.problem } }

  /// Calls `listener` when leadership comes (with another fence) or goes, on the election's task.
  package func onChange(_ listener: @escaping @Sendable (Leadership?) -> Void) {
    memory.withLockedValue { $0.listeners.append(listener) }
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var known: JSONValue?
      while !Task.isCancelled {
        known = await self.look(known)
        self.tell()
        let period = self.timing.retryPeriod
        try? await self.time.sleep(period + period * 0.2 * self.draw())
      }
    }
    await release()
    tell()
  }

  /// - Parameter known: the Lease as we wrote it last; nil to read it.
  /// - Returns: the Lease if it is still ours.
  private func look(_ known: JSONValue?) async -> JSONValue? {
    do throws(APIError) {
      var lease = known
      if known == nil {
        lease = try await limited { client, key throws(APIError) in try await client.find(.leases, key)?.root.value }
        let record = lease.map { LeaseRecord($0) }
        memory.withLockedValue { $0.state.observe(record, now: time.now()) }
      }
      let floor = await fencingFloor()
      let asked = time.now()
      let text = MicroTime.text(wallClock())
      let decision = memory.withLockedValue { $0.state.decide(now: asked, floor: floor, wallClock: text) }
      let written: JSONValue?
      switch decision {
      case .leave: written = nil
      case .create(let record): written = try await write(record, into: nil, asked)
      case .take(let record), .renew(let record): written = try await write(record, into: lease, asked)
      }
      let wasAway = memory.withLockedValue { memory in
        defer { memory.problem = nil }
        return memory.problem != nil
      }
      if wasAway { logger.info("The Lease can be seen to again", metadata: ["lease": "\(self.lease)"]) }
      return written
    } catch {
      // Someone was faster: look again.
      if error.isConflict || error.isAlreadyExists || error.isNotFound || error.isCancelled { return nil }
      let isNew = memory.withLockedValue { memory in
        defer { memory.problem = error }
        return memory.problem?.description != error.description
      }
      if isNew {
        logger.warning("The Lease can't be seen to", metadata: ["lease": "\(lease)", "error": "\(error)"])
      }
      return nil
    }
  }

  private func write(
    _ record: LeaseRecord,
    into lease: JSONValue?,
    _ asked: Duration
  ) async throws(APIError) -> JSONValue {
    let object = record.written(into: lease ?? LeaseRecord.newLease(self.lease))
    memory.withLockedValue { $0.state.sends() }
    let answer = try await limited { client, _ throws(APIError) in
      let isNew = object["metadata"]?["resourceVersion"] == nil
      return isNew ? try await client.create(.leases, object) : try await client.update(.leases, object)
    }
    memory.withLockedValue { $0.state.wrote(record, askedAt: asked) }
    return answer.root.value
  }

  /// A request that takes longer than this is of no use any more.
  private func limited<Result: Sendable>(
    _ body: @escaping @Sendable (any KubernetesClient, ObjectKey) async throws(APIError) -> Result
  ) async throws(APIError) -> Result {
    let limit = timing.renewDeadline / 2
    let (client, lease) = (client, lease)
    do {
      if let result = try await time.limit(limit, { try await body(client, lease) }) { return result }
    } catch {
      throw APIError(error)
    }
    throw .transport(TransportError(.timedOut, "a Lease was to be seen to within \(limit)"))
  }

  /// Lets the next leader begin at once, also after a write that was cut off and took place nevertheless.
  private func release() async {
    guard memory.withLockedValue({ $0.state.mayHold(now: time.now()) }) else { return }
    do throws(APIError) {
      let found = try await limited { client, key throws(APIError) in try await client.find(.leases, key)?.root.value }
      let record = memory.withLockedValue { memory in
        memory.state.observe(found.map { LeaseRecord($0) }, now: time.now())
        return memory.state.givingBack(wallClock: MicroTime.text(wallClock()))
      }
      // Only what is ours.
      guard let found, let record else { return }
      _ = try await write(record, into: found, time.now())
    } catch {
      logger.info("The Lease was not given back and runs out by itself", metadata: ["error": "\(error)"])
    }
  }

  private func tell() {
    let now = time.now()
    let change: (leadership: Leadership?, listeners: [@Sendable (Leadership?) -> Void])? = memory.withLockedValue {
      memory in
      let leadership = memory.state.leadership(now: now)
      guard leadership?.fence != memory.told else { return nil }
      memory.told = leadership?.fence
      return (leadership, memory.listeners)
    }
    guard let (leadership, listeners) = change else { return }
    // What only a leader does is looked for in the right replica's log.
    logger.info(
      leadership == nil ? "This replica leads no more" : "This replica leads now",
      metadata: [
        "lease": "\(lease)", "replica": "\(identity)", "fence": "\(leadership?.fence ?? 0)",
      ]
    )
    for listener in listeners { listener(leadership) }
  }
}
