import AmeshTesting
import EnvoyAPI
import SwiftProtobuf
import Testing
import XDSProtocol

/// A server whose mesh changes at random, with pushes in any order and streams that break: the client never uses what
/// lacks a reference that the server has, never drops what is in use, and ends up with the server's state.
@Suite struct ClientConvergenceTests {
  @Test(arguments: Array(0..<20 as Range<UInt64>))
  func `a delta client ends up with the server's mesh, safe at each step`(_ batch: UInt64) {
    for seed in 0..<50 { run(.delta, seed: batch * 50 + UInt64(seed)) }
  }

  @Test(arguments: Array(0..<20 as Range<UInt64>))
  func `a state-of-the-world client ends up with the server's mesh, safe at each step`(_ batch: UInt64) {
    for seed in 0..<50 { run(.stateOfTheWorld, seed: batch * 50 + UInt64(seed)) }
  }

  private func run(_ variant: XDSClientStream<WordReader>.Variant, seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var model = ClientModel(variant: variant, seed: seed)
    for _ in 0..<Int.random(in: 1...80, using: &random) {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<7: model.change(&random)
      case 7..<13: model.push(ClientFixture.letters.randomElement(using: &random) ?? "c")
      case 13..<19: model.deliver()
      default: model.reconnect()
      }
    }
    model.settle()
    #expect(model.unsafe == [], "seed \(seed)")
    #expect(model.applied.filter { !model.isExempt($0.key) } == model.expected, "seed \(seed)")
    #expect((model.asked["e"] ?? []) == model.referenced("e"), "seed \(seed)")
    #expect((model.asked["r"] ?? []) == model.referenced("r"), "seed \(seed)")
  }
}

/// Client and server in one, and the messages between them.
struct ClientModel {
  private let variant: XDSClientStream<WordReader>.Variant
  private var stream: XDSClientStream<WordReader>
  private var now = Duration.zero
  /// The server's mesh: name → word.
  private var world: [String: String] = [:]
  /// Names that the server has called gone, or left out, or sent badly, and not sent well since: nobody has to wait for
  /// them.
  private var excused: Set<String> = []
  /// What the client has in use.
  private(set) var applied: [String: String] = [:]
  private(set) var unsafe: [String] = []

  // The server's side of the stream.
  private(set) var asked: [String: Set<String>] = [:]
  private var open: Set<String> = []
  private var told: [String: String] = [:]
  private var responses: [(letter: String, words: [String], gone: [String])] = []
  private var nonce = 0

  init(variant: XDSClientStream<WordReader>.Variant, seed: UInt64) {
    self.variant = variant
    stream = ClientFixture.stream(variant)
    reconnect()
  }

  // MARK: - What happens

  mutating func change(_ random: inout SeededRandom) {
    let letter = ClientFixture.letters.randomElement(using: &random) ?? "c"
    let name = letter + String(Int.random(in: 1...3, using: &random))
    switch Int.random(in: 0..<8, using: &random) {
    case 0: world[name] = nil
    case 1: world[name] = "\(name)=bad"
    default:
      let below = ["c": "e", "r": "c", "l": "r"][letter]
      let references = below.map { below in (1...3).map { "\(below)\($0)" }.filter { _ in Bool.random(using: &random) }
      }
      let content = Int.random(in: 1...3, using: &random)
      world[name] = references.map { "\(name)(\($0.joined(separator: ",")))=\(content)" } ?? "\(name)=\(content)"
    }
  }

  mutating func push(_ letter: String) {
    guard open.contains(letter) else { return }
    let isWildcard = letter == "c" || letter == "l"
    let names = isWildcard ? Set(world.keys.filter { $0.hasPrefix(letter) }) : asked[letter] ?? []
    switch variant {
    case .delta:
      let known = told.keys.filter { $0.hasPrefix(letter) }
      let changed = names.filter { world[$0] != nil && told[$0] != world[$0] }.sorted()
      let gone = names.union(known).filter { world[$0] == nil && (told[$0] != "" || !isWildcard && told[$0] == nil) }
      for name in changed { told[name] = world[name] }
      for name in gone { told[name] = "" }
      guard !changed.isEmpty || !gone.isEmpty || isWildcard else { return }
      responses.append((letter, changed.compactMap { world[$0] }, gone.sorted()))
    case .stateOfTheWorld:
      responses.append((letter, names.sorted().compactMap { world[$0] }, []))
    }
  }

  mutating func deliver() {
    guard !responses.isEmpty else { return }
    let (letter, words, gone) = responses.removeFirst()
    nonce += 1
    excused.formUnion(gone)
    if variant == .stateOfTheWorld, letter == "c" { excused.formUnion(["c1", "c2", "c3"]) }
    for word in words {
      let name = ClientFixture.name(word)
      if word.hasSuffix("=bad") { excused.insert(name) } else { excused.remove(name) }
    }
    switch variant {
    case .delta: perform(stream.receive(.words(letter, words, gone: gone, nonce: nonce), now: now))
    case .stateOfTheWorld: perform(stream.receive(.words(letter, words, nonce: nonce), now: now))
    }
  }

  mutating func reconnect() {
    stream.disconnected()
    responses = []
    open = []
    asked = [:]
    told = [:]
    perform(stream.connected())
  }

  /// All that can be said is said, and all that waits gets its time.
  mutating func settle() {
    for _ in 0..<20 {
      for letter in ClientFixture.letters { push(letter) }
      while !responses.isEmpty { deliver() }
    }
    excused = Set(ClientFixture.letters.flatMap { letter in (1...9).map { "\(letter)\($0)" } })
    now += .seconds(20)
    perform(stream.tick(now: now))
    for _ in 0..<5 {
      for letter in ClientFixture.letters { push(letter) }
      while !responses.isEmpty { deliver() }
    }
    now += .seconds(20)
    perform(stream.tick(now: now))
  }

  // MARK: - What is to be

  func isBad(_ name: String) -> Bool { world[name]?.hasSuffix("=bad") ?? false }

  /// Whether nothing can be said of what the client has: the last good one of what is bad; and state of the world has no
  /// words for a resource that was asked for by name and is gone.
  func isExempt(_ name: String) -> Bool {
    let isNamed = name.hasPrefix("e") || name.hasPrefix("r")
    return isBad(name) || variant == .stateOfTheWorld && isNamed && world[name] == nil
  }

  /// Names of a type that the client's good resources reference.
  func referenced(_ letter: String) -> Set<String> {
    let above = ["e": "c", "r": "l"][letter] ?? ""
    return Set(applied.values.filter { $0.hasPrefix(above) }.flatMap(Self.references))
  }

  var expected: [String: String] {
    world.filter { name, _ in
      if isBad(name) { return false }
      return name.hasPrefix("c") || name.hasPrefix("l") || referenced(String(name.prefix(1))).contains(name)
    }
  }

  private static func references(_ word: String) -> [String] {
    word.split { $0 == "(" || $0 == ")" }.dropFirst().first?.split(separator: ",").map(String.init)
      .filter { !$0.hasPrefix("=") } ?? []
  }

  // MARK: - What the client wants done

  private mutating func perform(_ actions: [XDSClientAction<String>]) {
    for action in actions {
      switch action {
      case .send(.delta(let request)):
        let letter = request.typeURL.suffix(1).lowercased()
        open.insert(letter)
        for (name, _) in request.initialResourceVersions { told[name] = applied[name] ?? "?" }
        asked[letter, default: []].subtract(request.resourceNamesUnsubscribe)
        asked[letter, default: []].formUnion(request.resourceNamesSubscribe)
        for name in request.resourceNamesUnsubscribe { told[name] = nil }
        if request.responseNonce.isEmpty { push(letter) }
      case .send(.stateOfTheWorld(let request)):
        let letter = request.typeURL.suffix(1).lowercased()
        let isNew = !open.contains(letter) || asked[letter] != Set(request.resourceNames)
        open.insert(letter)
        asked[letter] = Set(request.resourceNames)
        if isNew { push(letter) }
      case .apply(let change): apply(change)
      case .refused, .unexpected, .ready: continue
      }
    }
  }

  private mutating func apply(_ change: XDSChange<String>) {
    for setting in change.settings {
      for name in Self.references(setting.content) where applied[name] == nil && !excused.contains(name) {
        unsafe.append("\(setting.content) without \(name)")
      }
      applied[setting.resource.name] = setting.content
    }
    for removal in change.removals {
      applied[removal.name] = nil
      if now > .zero { continue }
      for word in applied.values where Self.references(word).contains(removal.name) {
        unsafe.append("\(removal.name) is gone from \(word)")
      }
    }
  }
}
