import Synchronization

/// What binds what is known of the cluster to the streams of sidecars: configs and Pods come in on one side, each stream
/// finds its Pod's set on the other, and is woken only when that is another one.
package final class PluginHub: Sendable {
  typealias Pod = PluginIndex.Pod

  struct Memory: Sendable {
    var index = PluginIndex()
    /// Whether configs and Pods were listed whole: before, a set would lack what is not read yet.
    var isReady = false
    var subscribers: [Int: PluginSubscriber] = [:]
    var byPod: [Pod: Set<Int>] = [:]
    var count = 0
    var listeners: [@Sendable () -> Void] = []

    /// What was sent, and reads the same, may come of other configs now: those have it in force who have it.
    mutating func renew(_ pods: Set<Pod>) {
      for pod in pods {
        guard let ids = byPod[pod], let set = index.set(of: pod) else { continue }
        for id in ids { subscribers[id]?.renew(set) }
      }
    }
  }

  let memory = Mutex(Memory())

  package init() {}

  // MARK: What is known

  /// - Parameter changes: nil for a config that is gone, or that can't be applied.
  package func take(_ changes: [(key: PluginConfigKey, config: PluginConfig?)]) {
    take { index in changes.reduce(into: .init()) { $0.formUnion(index.set($1.config, for: $1.key)) } }
  }

  /// - Parameter changes: labels of Pods that have a sidecar; nil for a Pod that is gone.
  package func take(_ changes: [(pod: PluginIndex.Pod, labels: [String: String]?)]) {
    take { index in changes.reduce(into: .init()) { $0.formUnion(index.set($1.labels, for: $1.pod)) } }
  }

  private func take(_ body: (inout PluginIndex) -> PluginIndex.Change) {
    change { memory in
      let change = body(&memory.index)
      memory.renew(change.changed)
      memory.renew(change.renewed)
      return change.changed
    }
  }

  /// Everything was listed once.
  package func becomeReady() {
    change { memory in
      guard !memory.isReady else { return [] }
      memory.isReady = true
      return Set(memory.byPod.keys)
    }
  }

  package var isReady: Bool { memory.withLock { $0.isReady } }

  /// What `body` gives of the index, as of one moment.
  package func read<Result>(_ body: (PluginIndex) -> Result) -> Result { memory.withLock { body($0.index) } }

  /// Calls `listener` after anything that a status could tell of; it returns at once.
  package func onChange(_ listener: @escaping @Sendable () -> Void) {
    memory.withLock { $0.listeners.append(listener) }
  }

  private func change(_ body: (inout Memory) -> Set<Pod>) {
    let (wakes, listeners) = memory.withLock { memory in
      let pods = body(&memory)
      let affected = pods.flatMap { memory.byPod[$0] ?? [] }
      return (affected.compactMap { memory.subscribers[$0]?.wake }, memory.listeners)
    }
    for wake in wakes { wake() }
    for listener in listeners { listener() }
  }

  // MARK: Streams

  /// - Parameter wake: called when the Pod's set may be another one, from any thread; it returns at once.
  package func subscribe(_ pod: PluginIndex.Pod, wake: @escaping @Sendable () -> Void) -> PluginSubscription {
    let id = memory.withLock { memory in
      memory.count += 1
      memory.subscribers[memory.count] = PluginSubscriber(pod: pod, wake: wake)
      memory.byPod[pod, default: []].insert(memory.count)
      return memory.count
    }
    return PluginSubscription(hub: self, id: id, pod: pod)
  }

  func cancel(_ id: Int) {
    change { memory in
      guard let pod = memory.subscribers.removeValue(forKey: id)?.pod else { return [] }
      memory.byPod[pod]?.remove(id)
      if memory.byPod[pod]?.isEmpty ?? false { memory.byPod[pod] = nil }
      return []
    }
  }

  package var streamCount: Int { memory.withLock { $0.subscribers.count } }

  /// A sidecar has a response in force.
  ///
  /// - Parameter refusals: by config, what of it can't be applied.
  /// - Returns: whether any of the Pod's streams has sent that.
  package func acknowledge(
    _ pod: PluginIndex.Pod,
    revision: String,
    refusals: [PluginConfigKey: String]
  ) -> Bool {
    var isKnown = false
    change { memory in
      for id in memory.byPod[pod] ?? [] where memory.subscribers[id]?.acknowledge(revision, refusals) ?? false {
        isKnown = true
      }
      return []
    }
    return isKnown
  }

  /// What this replica's sidecars have in force, of the configs as they are now.
  package var standings: [PluginConfigKey: PluginStanding] {
    memory.withLock { memory in
      var standings: [PluginConfigKey: PluginStanding] = [:]
      for (pod, ids) in memory.byPod {
        // Of an old and a new stream, what the new one says.
        guard memory.index.set(of: pod) != nil, let id = ids.max(), let subscriber = memory.subscribers[id] else {
          continue
        }
        for one in subscriber.acknowledged where memory.index[one.key]?.version == one.version {
          let key = one.key
          var standing = standings[key] ?? PluginStanding(version: one.version)
          if let refusal = subscriber.refusals[key] {
            standing.refused += 1
            standing.refusal = min(standing.refusal ?? refusal, refusal)
          } else {
            standing.acknowledged += 1
          }
          standings[key] = standing
        }
      }
      return standings
    }
  }
}

/// How many sidecars have a config in force.
package struct PluginStanding: Sendable, Hashable {
  package var version: String
  package var acknowledged = 0
  /// That can't apply all of it.
  package var refused = 0
  /// What one of those says.
  package var refusal: String?

  package init(version: String) { self.version = version }
}
