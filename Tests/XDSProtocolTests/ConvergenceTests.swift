import AmeshTesting
import Testing
import XDSProtocol

/// Random interleavings of a client's wishes, a server's changes, broken connections and the delivery of messages, each
/// way in order: when all has been delivered, the client has what the server has, and was never told what it had been
/// told and not asked for anew.
@Suite struct ConvergenceTests {
  @Test(arguments: Array(0..<20 as Range<UInt64>))
  func `a state-of-the-world client ends up with the server's state`(_ batch: UInt64) {
    for seed in 0..<100 { run(StateOfTheWorldModel(), seed: batch * 100 + UInt64(seed)) }
  }

  @Test(arguments: Array(0..<20 as Range<UInt64>))
  func `a delta client ends up with the server's state`(_ batch: UInt64) {
    for seed in 0..<100 { run(DeltaModel(), seed: batch * 100 + UInt64(seed)) }
  }

  private func run(_ model: some ConvergenceModel, seed: UInt64) {
    var model = model
    var random = SeededRandom(seed: seed)
    for _ in 0..<Int.random(in: 1...150, using: &random) {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<4: model.want(Set(Self.names.filter { _ in Bool.random(using: &random) }))
      case 4..<9:
        let name = Self.names.randomElement(using: &random) ?? "a"
        // Contents few enough to come back; absence and delay are among them.
        model.world.contents[name] = ["1", "2", "3", ModelClient.bad, "?", nil].randomElement(using: &random) ?? nil
        // The server may hear of several changes at once.
        if Bool.random(using: &random) { model.hear() }
      case 9..<14: model.deliverToServer()
      case 14..<19: model.deliverToClient()
      default: model.reconnect()
      }
    }
    model.hear()
    for _ in 0..<1000 where model.isBusy {
      model.deliverToServer()
      model.deliverToClient()
    }
    #expect(!model.isBusy, "seed \(seed) goes on for ever")
    #expect(model.client.toldTwice == [], "seed \(seed)")
    for name in model.client.wanted {
      switch model.world.lookUp(name, typeURL: Fixture.secret) {
      case .found(let resource) where ModelClient.isBad(resource.version):
        #expect(model.client.held[name] != resource.version, "seed \(seed), \(name)")
      case .found(let resource): #expect(model.client.held[name] == resource.version, "seed \(seed), \(name)")
      case .absent where model.forgetsWhatIsGone: #expect(model.client.held[name] == nil, "seed \(seed), \(name)")
      default: continue
      }
    }
  }

  private static let names = ["a", "b", "c", "d"]
}

protocol ConvergenceModel {
  var world: World { get set }
  var client: ModelClient { get }
  /// Whether anything is under way.
  var isBusy: Bool { get }
  var forgetsWhatIsGone: Bool { get }

  mutating func want(_ names: Set<String>)
  /// The server is told that something has changed.
  mutating func hear()
  mutating func deliverToServer()
  mutating func deliverToClient()
  mutating func reconnect()
}

/// What a client wants and has, and what it has been sent, as an observer of the server's messages sees it.
struct ModelClient {
  static let bad = "bad"
  static func isBad(_ version: String) -> Bool { version.hasSuffix(bad) }

  var wanted: Set<String> = []
  var held: [String: String] = [:]

  /// Name → version that the server has sent since it last was asked for the name anew.
  var told: [String: String] = [:]
  var toldTwice: [String] = []

  mutating func isTold(_ name: String, _ version: String) {
    if told[name] == version { toldTwice.append("\(name)=\(version)") }
    told[name] = version
  }

  /// Takes what it wants and can use of a response; true where it can't use some of it.
  mutating func take(_ resources: [(name: String, version: String)]) -> Bool {
    var hasBad = false
    for (name, version) in resources where wanted.contains(name) {
      if Self.isBad(version) { hasBad = true } else { held[name] = version }
    }
    return hasBad
  }
}
