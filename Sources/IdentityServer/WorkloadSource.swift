package import CallerAuthentication
package import FoundationEssentials
import NIOConcurrencyHelpers
import ServiceLifecycle
package import WorkloadDiscovery
package import XDSProtocol

/// Who is behind which address, for all streams of the process: a change is told to those streams that asked for the
/// address, whoever else there is.
package final class WorkloadSource: XDSResources, Service {
  package struct Configuration: Sendable {
    package var streamLifetime = StreamLifetime()
    /// Whether what a caller's credential is bound to is known to have ended.
    package var hasEnded: @Sendable (Caller) -> Bool = { _ in false }
    /// Returns once all Pods were heard of: before that, what is not known may be there all the same.
    package var waitUntilSynced: @Sendable () async throws -> Void = {}
    /// Names that all streams together may be subscribed to, some hundred bytes each.
    package var maximumSubscriptions = 4_000_000

    package init() {}
  }

  private struct Stream {
    let caller: Caller
    let onChange: @Sendable () -> Void
    let due: Int64
    var isEnding = false
  }

  private struct Memory {
    var directory = WorkloadDirectory()
    var isComplete = false
    var streams: [UInt64: Stream] = [:]
    var watchers: [String: Set<UInt64>] = [:]
    var subscriptions = 0
    var agenda = Agenda<UInt64>()
    var lastID: UInt64 = 0
    var isClosing = false
  }

  let metrics: WorkloadMetrics
  private let configuration: Configuration
  private let now: @Sendable () -> Date
  private let sleep: @Sendable (Duration) async throws -> Void
  private let memory = NIOLockedValueBox(Memory())

  /// - Parameters:
  ///   - now: the wall clock.
  ///   - sleep: how `run` waits for the next second.
  package init(
    configuration: Configuration = Configuration(),
    now: @escaping @Sendable () -> Date = { Date() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    metrics: WorkloadMetrics
  ) {
    self.configuration = configuration
    self.now = now
    self.sleep = sleep
    self.metrics = metrics
  }

  // MARK: What is known

  package func lookUp(_ name: String, typeURL: String) -> XDSLookup {
    guard typeURL == workloadTypeURL else { return .refused }
    return memory.withLockedValue { memory in
      if let resource = memory.directory.resource(named: name) { return .found(resource) }
      return memory.isComplete ? .absent : .pending
    }
  }

  /// To be told of every Pod, in order.
  package func take(_ changes: [PodEndpointChange]) {
    let (interested, addresses) = memory.withLockedValue { memory -> ([Stream], Int) in
      var ids: Set<UInt64> = []
      for change in changes {
        for name in memory.directory.take(change) { ids.formUnion(memory.watchers[name] ?? []) }
      }
      return (ids.compactMap { memory.streams[$0] }, memory.directory.meshedAddresses)
    }
    metrics.addresses(addresses)
    for stream in interested { stream.onChange() }
  }

  /// All Pods were heard of: what is not known is not there.
  package func complete() {
    let streams = memory.withLockedValue { memory -> [Stream] in
      memory.isComplete = true
      return Array(memory.streams.values)
    }
    for stream in streams { stream.onChange() }
  }

  // MARK: Streams

  /// - Parameter onChange: called when there is something to look at, from any thread; not after ``close(_:names:)``.
  func open(_ caller: Caller, onChange: @escaping @Sendable () -> Void) -> UInt64 {
    let deadline = configuration.streamLifetime.deadline(for: caller).timeIntervalSince1970.rounded(.up)
    // No further away than a calendar reaches.
    let due = Int64(min(max(deadline, 0), 253_402_300_799))
    let id = memory.withLockedValue { memory in
      memory.lastID &+= 1
      memory.streams[memory.lastID] = Stream(
        caller: caller,
        onChange: onChange,
        due: due,
        isEnding: memory.isClosing
      )
      memory.agenda.add(memory.lastID, at: due)
      return memory.lastID
    }
    metrics.streamOpened()
    // What ended since the caller was authenticated was not told of this stream: it is asked for now that it is listed.
    if configuration.hasEnded(caller) { end([id]) }
    return id
  }

  func isEnding(_ id: UInt64) -> Bool { memory.withLockedValue { $0.streams[id]?.isEnding ?? true } }

  /// Before the names are looked up, so that no change between is missed.
  func watch(_ id: UInt64, _ names: some Collection<String>) throws(XDSStatus) {
    let count = memory.withLockedValue { memory -> Int? in
      guard memory.subscriptions + names.count <= configuration.maximumSubscriptions else { return nil }
      for name in names where memory.watchers[name, default: []].insert(id).inserted { memory.subscriptions += 1 }
      return memory.subscriptions
    }
    guard let count else {
      throw XDSStatus(code: .resourceExhausted, message: "all clients together ask for too many addresses; come again")
    }
    metrics.subscriptions(count)
  }

  func unwatch(_ id: UInt64, _ names: some Collection<String>) {
    let count = memory.withLockedValue { memory in
      Self.unwatch(id, names, &memory)
      return memory.subscriptions
    }
    metrics.subscriptions(count)
  }

  private static func unwatch(_ id: UInt64, _ names: some Collection<String>, _ memory: inout Memory) {
    for name in names where memory.watchers[name]?.remove(id) != nil {
      memory.subscriptions -= 1
      if memory.watchers[name]?.isEmpty == true { memory.watchers[name] = nil }
    }
  }

  func close(_ id: UInt64, names: some Collection<String>) {
    let count = memory.withLockedValue { memory in
      Self.unwatch(id, names, &memory)
      if let stream = memory.streams.removeValue(forKey: id) { memory.agenda.remove(id, at: stream.due) }
      return memory.subscriptions
    }
    metrics.subscriptions(count)
    metrics.streamClosed()
  }

  /// Whether nobody is subscribed to anything: nothing of streams that have ended stays.
  var isIdle: Bool {
    memory.withLockedValue { $0.streams.isEmpty && $0.watchers.isEmpty && $0.subscriptions == 0 && $0.agenda.isEmpty }
  }

  // MARK: Time

  /// Ends the streams of callers whose credentials are good no more.
  package func end(where isOver: (Caller) -> Bool) {
    end(memory.withLockedValue { memory in memory.streams.filter { isOver($0.value.caller) }.map(\.key) })
  }

  private func end(_ ids: some Collection<UInt64>) {
    let streams = memory.withLockedValue { memory in
      for id in ids { memory.streams[id]?.isEnding = true }
      return ids.compactMap { memory.streams[$0] }
    }
    for stream in streams { stream.onChange() }
  }

  /// Ends the streams whose time is over.
  package func tick(now: Date) {
    let second = Int64(now.timeIntervalSince1970)
    end(memory.withLockedValue { $0.agenda.takeDue(at: second) })
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          do { try await self.configuration.waitUntilSynced() } catch { return }
          self.complete()
        }
        group.addTask {
          while !Task.isCancelled {
            self.tick(now: self.now())
            try? await self.sleep(.seconds(1))
          }
        }
      }
    }
    // Another replica has what they want.
    let all = memory.withLockedValue { memory in
      memory.isClosing = true
      return Array(memory.streams.keys)
    }
    end(all)
  }
}
