import EnvoyAPI
import SwiftProtobuf

/// What a client knows, whatever the protocol and across streams: resources received, in use, and waiting for each other.
struct ClientState<Content: Sendable>: Sendable {
  typealias Entry = ClientEntry<Content>

  let configuration: XDSClientConfiguration
  /// By type.
  private(set) var entries: [[String: Entry]]
  /// Names with something pending, by type.
  private var waiting: [Set<String>]
  /// Names whose last user may have gone, by type: looked at when an event is over, since it may bring another.
  private var orphans: [Set<String>]
  /// Names asked for, of types that are asked for by name.
  private(set) var subscriptions: [Set<String>]
  /// Types that were answered once, in whole.
  private var hasAnswered: [Bool]
  /// When the first response came.
  private var began: Duration?
  /// Whether resources come into use: not before the first configuration is complete, or took too long to be.
  private(set) var isReady = false
  /// Whether all of the first configuration is in use, or what it lacks was waited for: then it can be told from none.
  private(set) var isInUse = false
  private var readySince: Duration?

  init(configuration: XDSClientConfiguration) {
    self.configuration = configuration
    let count = configuration.types.count
    entries = Array(repeating: [:], count: count)
    waiting = Array(repeating: [], count: count)
    orphans = Array(repeating: [], count: count)
    subscriptions = Array(repeating: [], count: count)
    hasAnswered = configuration.types.map { !$0.isWildcard }
  }

  // MARK: - Looking

  func index(of typeURL: String) -> Int? { configuration.types.firstIndex { $0.typeURL == typeURL } }

  func entry(_ key: ClientKey) -> Entry? { entries[key.type][key.name] }

  /// Name → version of what was received.
  func versions(_ type: Int) -> [String: String] { entries[type].compactMapValues { $0.received?.version } }

  func isUnchanged(_ key: ClientKey, fingerprint: Int) -> Bool {
    entry(key)?.received?.fingerprint == fingerprint
  }

  /// Whether the client has asked for it.
  func isWanted(_ key: ClientKey) -> Bool {
    configuration.types[key.type].isWildcard || subscriptions[key.type].contains(key.name)
  }

  func reference(_ key: ClientKey) -> XDSReference {
    XDSReference(typeURL: configuration.types[key.type].typeURL, name: key.name)
  }

  // MARK: - Receiving

  mutating func answered(_ type: Int, now: Duration) {
    hasAnswered[type] = true
    if began == nil { began = now }
  }

  mutating func setVersion(_ version: String, of key: ClientKey) {
    entries[key.type][key.name]?.received?.version = version
    entries[key.type][key.name]?.refusal = nil
  }

  mutating func receive(
    _ reading: XDSReading<Content>,
    as key: ClientKey,
    version: String,
    fingerprint: Int,
    now: Duration
  ) {
    let references = reading.references.compactMap { reference -> ClientKey? in
      // Only what comes before it in the order of use can be waited for.
      guard let type = index(of: reference.typeURL), type < key.type else { return nil }
      return ClientKey(type: type, name: reference.name)
    }
    let unique = references.count < 2 ? references : Array(Set(references))
    let before = entry(key)?.received?.references ?? []
    let since = entry(key)?.pending?.since ?? now
    use(unique, applied: false)
    update(key) {
      $0.received = Entry.Received(version: version, fingerprint: fingerprint, references: unique)
      $0.hasNone = false
      $0.refusal = nil
      $0.pending = Entry.Pending(content: reading.content, since: since)
    }
    waiting[key.type].insert(key.name)
    release(before, applied: false)
  }

  mutating func refuse(_ refusal: XDSRefusal, as key: ClientKey) {
    // A name that is too long is not kept, nor one that nobody could have asked for.
    guard key.name.utf8.count <= configuration.maximumNameBytes, isWanted(key) else { return }
    update(key) {
      $0.refusal = refusal
      if $0.received == nil { $0.hasNone = true }
    }
  }

  /// The server has no such resource any more, or never had.
  mutating func remove(_ key: ClientKey, now: Duration) {
    guard let entry = entry(key) else { return }
    let references = entry.received?.references ?? []
    update(key) {
      $0.received = nil
      $0.refusal = nil
      $0.hasNone = true
      $0.pending = $0.applied == nil ? nil : Entry.Pending(content: nil, since: now)
    }
    if self.entry(key)?.pending == nil {
      waiting[key.type].remove(key.name)
    } else {
      waiting[key.type].insert(key.name)
    }
    release(references, applied: false)
    forgetIfIdle(key)
  }

  // MARK: - Bringing into use

  /// What can come into use or go out of it now.
  mutating func settle(now: Duration) -> XDSChange<Content> {
    var change = XDSChange<Content>()
    guard isReady || isComplete(now: now) else {
      for type in configuration.types.indices.reversed() { collectOrphans(type, now: now) }
      return change
    }
    isReady = true
    readySince = readySince ?? now
    for type in configuration.types.indices {
      for name in waiting[type].sorted() { set(ClientKey(type: type, name: name), now: now, change: &change) }
    }
    for type in configuration.types.indices.reversed() {
      collectOrphans(type, now: now)
      for name in waiting[type].sorted() { drop(ClientKey(type: type, name: name), now: now, change: &change) }
    }
    isInUse =
      isInUse || waiting.allSatisfy(\.isEmpty) || readySince.map { now >= $0 + configuration.absenceTime } ?? false
    return change
  }

  /// When to settle again though nothing has come.
  var deadline: Duration? {
    guard isReady else { return began.map { $0 + configuration.warmingTime } }
    var earliest = isInUse ? nil : readySince.map { $0 + configuration.absenceTime }
    for type in waiting.indices {
      for name in waiting[type] {
        guard let pending = entries[type][name]?.pending else { continue }
        let missing = (entries[type][name]?.received?.references ?? []).filter(isWaitedFor)
        let end = pending.since + (missing.map(patience).max() ?? configuration.warmingTime)
        if earliest.map({ end < $0 }) ?? true { earliest = end }
      }
    }
    return earliest
  }

  /// Whether every reference has been answered, or the time for it is over.
  private func isComplete(now: Duration) -> Bool {
    guard let began else { return false }
    if now >= began + configuration.warmingTime { return true }
    guard !hasAnswered.contains(false) else { return false }
    return waiting.indices.allSatisfy { type in
      waiting[type].allSatisfy { name in
        (entries[type][name]?.received?.references ?? []).allSatisfy { key in
          guard let entry = entry(key) else { return configuration.types[key.type].isWildcard }
          return entry.received != nil || entry.hasNone || configuration.types[key.type].isWildcard
        }
      }
    }
  }

  /// How long to wait for what is missing.
  private func patience(_ key: ClientKey) -> Duration {
    let mayNeverCome = configuration.types[key.type].isWildcard && entry(key)?.received == nil
    return mayNeverCome ? configuration.absenceTime : configuration.warmingTime
  }

  private func isWaitedFor(_ key: ClientKey) -> Bool {
    guard let entry = entry(key) else { return true }
    return entry.applied == nil && !entry.hasNone
  }

  private mutating func set(_ key: ClientKey, now: Duration, change: inout XDSChange<Content>) {
    guard let entry = entry(key), let pending = entry.pending, let content = pending.content,
      let received = entry.received
    else { return }
    for reference in received.references where isWaitedFor(reference) {
      guard now >= pending.since + patience(reference) else { return }
      update(reference) { if $0.received == nil { $0.hasNone = true } }
    }
    let before = entry.applied?.references ?? []
    use(received.references, applied: true)
    update(key) {
      $0.applied = Entry.Applied(references: received.references)
      $0.pending = nil
    }
    waiting[key.type].remove(key.name)
    change.settings.append(.init(resource: reference(key), content: content))
    release(before, applied: true)
  }

  private mutating func drop(_ key: ClientKey, now: Duration, change: inout XDSChange<Content>) {
    guard let entry = entry(key), let pending = entry.pending, pending.content == nil else { return }
    guard entry.appliedUsers == 0 || now >= pending.since + configuration.warmingTime else { return }
    let references = entry.applied?.references ?? []
    update(key) {
      $0.applied = nil
      $0.pending = nil
    }
    waiting[key.type].remove(key.name)
    change.removals.append(reference(key))
    release(references, applied: true)
    forgetIfIdle(key)
  }

  // MARK: - References

  private mutating func use(_ keys: [ClientKey], applied: Bool) {
    for key in keys {
      update(key) {
        $0.users += 1
        if applied { $0.appliedUsers += 1 }
      }
      if !configuration.types[key.type].isWildcard { subscriptions[key.type].insert(key.name) }
    }
  }

  private mutating func release(_ keys: [ClientKey], applied: Bool) {
    for key in keys {
      update(key) {
        $0.users -= 1
        if applied { $0.appliedUsers -= 1 }
      }
      if entry(key)?.users == 0 { orphans[key.type].insert(key.name) }
    }
  }

  private mutating func collectOrphans(_ type: Int, now: Duration) {
    for name in orphans[type] {
      let key = ClientKey(type: type, name: name)
      guard entry(key)?.users == 0 else { continue }
      if !configuration.types[type].isWildcard {
        subscriptions[type].remove(name)
        remove(key, now: now)
      }
      forgetIfIdle(key)
    }
    orphans[type] = []
  }

  private mutating func update(_ key: ClientKey, _ body: (inout Entry) -> Void) {
    body(&entries[key.type][key.name, default: Entry()])
  }

  private mutating func forgetIfIdle(_ key: ClientKey) {
    if entries[key.type][key.name]?.isIdle ?? false { entries[key.type][key.name] = nil }
  }
}
