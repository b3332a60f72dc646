/// Keeps the shared dictionaries equal to what a translation gives.
///
/// - A version is there from the first moment: APISIX's workers answer nothing before there is one.
/// - What an earlier process has left stays as it is until the first configuration is complete; then what is not part of
///   it goes.
/// - The version changes after the objects, only if one did, and at most once in an interval; a lone change goes at once.
/// - A write that fails is taken back as a whole and tried again later: a worker that starts in between reads the last
///   good configuration, not a part of the next.
package struct DictionarySink: Sendable {
  private let configuration: SinkConfiguration
  /// What is to be.
  private var wanted: [String: [UInt8]]
  /// What is there.
  private var held: [String: [UInt8]] = [:]
  /// Keys in which the two differ.
  private var dirty: Set<String> = []
  private var parts: [Set<String>] = Array(repeating: [], count: KeyIndex.parts)
  private var version: UInt64?
  private var isComplete = false

  private var lastChange: Duration?
  private var retryAt: Duration?
  private var failures = 0
  /// Of the last write, where it failed.
  package private(set) var lastError: String?

  /// Whether a complete configuration was written, by this process or an earlier one: then APISIX can serve, whatever
  /// becomes of the control plane.
  package private(set) var hasConfiguration = false
  /// When all workers have read it that this process was the first to write.
  private var servedFrom: Duration?
  /// Changes of the version by this process, and writes that failed.
  package private(set) var changes = 0
  package private(set) var failedWrites = 0

  /// Nothing was read yet.
  private var isNew = true

  package init(configuration: SinkConfiguration = SinkConfiguration()) {
    self.configuration = configuration
    wanted = [configuration.anchor.key: configuration.anchor.value]
  }

  // MARK: - What is to be

  package mutating func apply(_ delta: DictionaryDelta) {
    for key in delta.removals where key != configuration.anchor.key && delta.settings[key] == nil {
      wanted[key] = nil
      mark(key)
    }
    for (key, value) in delta.settings where key != configuration.anchor.key {
      wanted[key] = value
      mark(key)
    }
  }

  /// All that the control plane has was applied once.
  package mutating func complete() {
    guard !isComplete else { return }
    isComplete = true
    for key in held.keys where wanted[key] == nil { dirty.insert(key) }
  }

  package var objectCount: Int { wanted.count - 1 }

  /// The version that workers see; nil before there is one.
  package var currentVersion: UInt64? { version }

  /// Whether APISIX serves a complete configuration: its workers look for a version once in a while.
  package func isServed(now: Duration) -> Bool {
    hasConfiguration && servedFrom.map { now >= $0 } ?? true
  }

  /// Whether the dictionaries have all that is wanted.
  package var isSettled: Bool { isComplete && dirty.isEmpty }

  /// Objects under a prefix such as `/routes/`, as they are to be.
  package func objects(under prefix: String) -> [(key: String, value: [UInt8])] {
    wanted.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
  }

  // MARK: - Writing

  /// What is to be done now.
  package func next(now: Duration) -> SinkStep {
    if let retryAt, now < retryAt { return .wait(until: retryAt) }
    if version == nil { return .write }
    guard isComplete, !dirty.isEmpty || !hasConfiguration else { return .idle }
    if let lastChange, now < lastChange + configuration.interval {
      return .wait(until: lastChange + configuration.interval)
    }
    return .write
  }

  /// Writes what differs. Where there is too little memory for old and new at once, the old goes first.
  package mutating func write(to dictionary: some SharedDictionary, now: Duration) -> SinkOutcome {
    do throws(DictionaryError) {
      if isNew { try read(dictionary) }
      let keys = isComplete ? dirty : version == nil ? dirty.intersection([configuration.anchor.key]) : []
      guard !keys.isEmpty || version == nil else {
        if isComplete { remember(dictionary, now: now) }
        return .nothing
      }
      do throws(DictionaryError) {
        try replace(keys, in: dictionary, removeFirst: false)
      } catch {
        guard error.code == .noMemory else { throw error }
        try replace(keys, in: dictionary, removeFirst: true)
      }
      if isComplete { remember(dictionary, now: now) }
      changes += 1
      lastChange = now
      retryAt = nil
      failures = 0
      lastError = nil
      return .changed(version: version ?? 0, objects: keys.count)
    } catch {
      failures += 1
      failedWrites += 1
      lastError = error.description
      var wait = configuration.firstRetry
      for _ in 1..<max(2, min(failures, 16)) where failures > 1 && wait < configuration.longestRetry { wait *= 2 }
      wait = min(wait, configuration.longestRetry)
      retryAt = now + wait
      return .failed(error, retryIn: wait)
    }
  }

  private mutating func mark(_ key: String) {
    if wanted[key] == held[key] { dirty.remove(key) } else { dirty.insert(key) }
  }

  /// What an earlier process has left.
  private mutating func read(_ dictionary: some SharedDictionary) throws(DictionaryError) {
    for part in 0..<KeyIndex.parts {
      guard let text = try dictionary.value(of: KeyIndex.name(part), in: .version) else { continue }
      for key in KeyIndex.keys(text) where KeyIndex.part(of: key) == part {
        parts[part].insert(key)
        held[key] = try dictionary.value(of: key, in: .configuration)
      }
    }
    hasConfiguration = try dictionary.value(of: Self.completeKey, in: .version) != nil
    let found = try dictionary.value(of: Self.versionKey, in: .version)
    // What no process of ours has written is not counted on from: any other value is news.
    version = found.map { UInt64(String(decoding: $0, as: UTF8.self)) ?? 0 }
    for key in wanted.keys { mark(key) }
    if isComplete { for key in held.keys where wanted[key] == nil { dirty.insert(key) } }
    isNew = false
  }

  /// For the next process too; where that fails it only waits longer until it calls itself ready.
  private mutating func remember(_ dictionary: some SharedDictionary, now: Duration) {
    guard !hasConfiguration else { return }
    hasConfiguration = true
    servedFrom = now + configuration.pickup
    try? dictionary.set(Array("1".utf8), for: Self.completeKey, in: .version)
  }

  private mutating func replace(
    _ keys: Set<String>,
    in dictionary: some SharedDictionary,
    removeFirst: Bool
  ) throws(DictionaryError) {
    let settings = keys.filter { wanted[$0] != nil }.sorted()
    let removals = keys.filter { wanted[$0] == nil }.sorted()
    let before = keys.map { ($0, held[$0]) }
    do throws(DictionaryError) {
      try index(settings, in: dictionary)
      if removeFirst { for key in keys.sorted() where held[key] != nil { try put(nil, for: key, in: dictionary) } }
      for key in settings { try put(wanted[key], for: key, in: dictionary) }
      if !removeFirst { for key in removals { try put(nil, for: key, in: dictionary) } }
      try bump(dictionary)
    } catch {
      takeBack(before, in: dictionary)
      throw error
    }
    // The index may name too much, never too little: its shrinking can fail without harm, and is made up for later.
    try? unindex(removals, in: dictionary)
  }

  private mutating func put(
    _ value: [UInt8]?,
    for key: String,
    in dictionary: some SharedDictionary
  ) throws(DictionaryError) {
    // Whatever comes of it: a failed set may have lost the value before.
    held[key] = nil
    dirty.insert(key)
    if let value {
      try dictionary.set(value, for: key, in: .configuration)
      held[key] = value
    } else {
      try dictionary.remove(key, in: .configuration)
    }
    mark(key)
  }

  /// As far as it can be done; the next attempt knows what is there.
  private mutating func takeBack(_ before: [(key: String, value: [UInt8]?)], in dictionary: some SharedDictionary) {
    for (key, value) in before where value == nil && held[key] != nil { try? put(nil, for: key, in: dictionary) }
    restore(before, in: dictionary)
    // Where larger new values are still in the way of older ones.
    for (key, value) in before where held[key] != nil && held[key] != value { try? put(nil, for: key, in: dictionary) }
    restore(before, in: dictionary)
  }

  private mutating func restore(_ before: [(key: String, value: [UInt8]?)], in dictionary: some SharedDictionary) {
    for (key, value) in before {
      guard let value, held[key] != value else { continue }
      try? put(value, for: key, in: dictionary)
    }
  }

  private mutating func bump(_ dictionary: some SharedDictionary) throws(DictionaryError) {
    var next = (version ?? 0) &+ 1
    if next == 0 { next = 1 }
    try dictionary.set(Array(String(next).utf8), for: Self.versionKey, in: .version)
    version = next
  }

  private mutating func index(_ keys: [String], in dictionary: some SharedDictionary) throws(DictionaryError) {
    for (part, added) in Dictionary(grouping: keys, by: KeyIndex.part) {
      let all = parts[part].union(added)
      guard all.count > parts[part].count else { continue }
      try dictionary.set(KeyIndex.text(all), for: KeyIndex.name(part), in: .version)
      parts[part] = all
    }
  }

  private mutating func unindex(_ keys: [String], in dictionary: some SharedDictionary) throws(DictionaryError) {
    for (part, removed) in Dictionary(grouping: keys, by: KeyIndex.part) {
      let rest = parts[part].subtracting(removed)
      guard rest.count < parts[part].count else { continue }
      try dictionary.set(KeyIndex.text(rest), for: KeyIndex.name(part), in: .version)
      parts[part] = rest
    }
  }

  private static let versionKey = "version"
  private static let completeKey = "amesh/complete"
}

package enum SinkStep: Sendable, Equatable {
  case idle
  case wait(until: Duration)
  case write
}

package enum SinkOutcome: Sendable, Equatable {
  case nothing
  /// Workers see so many objects changed.
  case changed(version: UInt64, objects: Int)
  /// Nothing has changed for workers.
  case failed(DictionaryError, retryIn: Duration)
}
