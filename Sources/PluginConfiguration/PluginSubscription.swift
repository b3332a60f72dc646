import Synchronization

/// One stream's view of its Pod's set.
package struct PluginSubscription: Sendable {
  let hub: PluginHub
  let id: Int
  package let pod: PluginIndex.Pod

  package enum Current: Sendable, Equatable {
    /// The Pod, or the configs, are not known yet.
    case unknown
    case set(PluginSet)
    /// The Pod was known, and is no more.
    case gone
  }

  package var current: Current {
    hub.memory.withLock { memory in
      guard memory.isReady else { return .unknown }
      guard let set = memory.index.set(of: pod) else {
        return memory.subscribers[id]?.sent.isEmpty ?? true ? .unknown : .gone
      }
      return .set(set)
    }
  }

  /// The client is being sent that.
  package func sending(_ set: PluginSet) {
    hub.memory.withLock { memory in
      memory.subscribers[id]?.sending(set)
      // It may have become another one that reads the same meanwhile.
      if let now = memory.index.set(of: pod) { memory.subscribers[id]?.renew(now) }
    }
  }

  package func cancel() { hub.cancel(id) }
}

/// One stream, as the hub keeps it.
struct PluginSubscriber: Sendable {
  /// Responses that may be acknowledged: a client that is slow skips some.
  private static let remembered = 4

  struct Sent: Sendable {
    var revision: String
    var versions: [PluginSet.Version]
  }

  let pod: PluginIndex.Pod
  let wake: @Sendable () -> Void
  private(set) var sent: [Sent] = []
  /// Configs that are in force there, with their versions.
  private(set) var acknowledged: [PluginSet.Version] = []
  private(set) var refusals: [PluginConfigKey: String] = [:]
  /// The revision that is.
  private var inForce: String?

  init(pod: PluginIndex.Pod, wake: @escaping @Sendable () -> Void) {
    self.pod = pod
    self.wake = wake
  }

  mutating func sending(_ set: PluginSet) {
    // Also of configs that have nothing to give: there is nothing more to do for them.
    let versions = set.versions
    sent.removeAll { $0.revision == set.revision }
    sent.append(Sent(revision: set.revision, versions: versions))
    if sent.count > Self.remembered { sent.removeFirst() }
  }

  /// A set that reads the same to the sidecar may come of other configs: such that have nothing to give it.
  mutating func renew(_ set: PluginSet) {
    for position in sent.indices where sent[position].revision == set.revision {
      sent[position].versions = set.versions
    }
    if inForce == set.revision { acknowledged = set.versions }
  }

  mutating func acknowledge(_ revision: String, _ refusals: [PluginConfigKey: String]) -> Bool {
    guard let position = sent.firstIndex(where: { $0.revision == revision }) else { return false }
    inForce = revision
    acknowledged = sent[position].versions
    self.refusals = refusals
    // Earlier ones can't come any more.
    sent.removeSubrange(..<position)
    return true
  }
}
