import CertificateAuthority
import CertificateCustody
import CertificateTesting
import FoundationEssentials
import SPIFFE
import Synchronization
import Testing

/// A custody whose process dies at the writes that are named, before or after they take place.
private final class DyingCustody: Custody {
  struct Death: Error {}

  let kept = MemoryCustody()
  private let writesLeft: Mutex<Int>
  private let isWritten: Bool

  init(afterWrites count: Int, isWritten: Bool) {
    writesLeft = Mutex(count)
    self.isWritten = isWritten
  }

  func load() async throws(CustodyError) -> AuthorityState? { try await kept.load() }

  func createOrAdopt(_ state: AuthorityState) async throws(CustodyError) -> AuthorityState {
    if try dies() {
      if isWritten { _ = try await kept.createOrAdopt(state) }
      throw .unwritable(path: "memory", problem: "the process has died")
    }
    return try await kept.createOrAdopt(state)
  }

  func replace(with state: AuthorityState) async throws(CustodyError) {
    if try dies() {
      if isWritten { try await kept.replace(with: state) }
      throw .unwritable(path: "memory", problem: "the process has died")
    }
    try await kept.replace(with: state)
  }

  private func dies() throws(CustodyError) -> Bool {
    writesLeft.withLock { left in
      left -= 1
      return left == -1
    }
  }
}

@Suite struct RotationRoundTests {
  private let start = Date(timeIntervalSince1970: 1_767_225_600)
  private let policy = RotationPolicy()

  private func round(_ custody: any Custody) throws -> RotationRound {
    RotationRound(custody: custody, trustDomain: try TrustDomain("cluster.local")) { life, now in
      let made = try CertificateMaker(notBefore: now.addingTimeInterval(-120), days: life / 86_400).root()
      return (try made.root(), .pem(made.keyPEM))
    }
  }

  /// The rounds of two roots' whole life: one a day around the rotation.
  private let days = [0] + Array(3_615...3_660)

  /// Takes rounds on those days, as long as it lives.
  private func rotate(_ custody: any Custody, on days: inout ArraySlice<Int>) async throws -> [RotationAction] {
    let round = try round(custody)
    var actions: [RotationAction] = []
    while let day = days.first {
      let now = start.addingTimeInterval(Double(day) * 86_400)
      // As where no ConfigMaps are written: nobody reads any that lacks a root.
      let roots = try await custody.load()?.roots.map(\.id) ?? []
      actions += try await round.run(RotationObservations(configMapsHold: Set(roots)), policy, now: now).actions
      days.removeFirst()
    }
    return actions
  }

  @Test func `a round makes, prepares, activates, retires and forgets`() async throws {
    let custody = MemoryCustody()
    var days = days[...]
    let actions = try await rotate(custody, on: &days)
    let state = try #require(try await custody.load())
    let id = try #require(state.signer?.id)
    #expect(state.roots.count == 1)
    #expect(actions.first == .createFirstRoot)
    #expect(Array(actions.dropFirst().prefix(2)) == [.prepare, .activate(id)])
    guard case .retire(let old) = actions.dropFirst(3).first else {
      Issue.record("\(actions)")
      return
    }
    #expect(Array(actions.dropFirst(4)) == [.prune(roots: [old], intermediates: [])])
  }

  @Test(arguments: 0...4, [false, true])
  func `after a death at any write, the next process comes to the same end`(writes: Int, isWritten: Bool) async throws {
    let dying = DyingCustody(afterWrites: writes, isWritten: isWritten)
    var days = days[...]
    do {
      _ = try await rotate(dying, on: &days)
      Issue.record("it did not die")
    } catch is CustodyError {}
    // The next process begins where time is now.
    let before = try await dying.kept.load()
    _ = try await rotate(dying.kept, on: &days)
    let state = try #require(try await dying.kept.load())
    #expect(state.roots.count == 1)
    #expect(state.generation == 5)
    if let before { #expect(before.generation == writes + (isWritten ? 1 : 0)) }
  }

  @Test func `of two who start at once, both use the first root that was written`() async throws {
    let custody = MemoryCustody()
    let states = try await withThrowingTaskGroup(of: AuthorityState.self) { group in
      for _ in 0..<4 {
        let round = try round(custody)
        group.addTask { try await round.run(RotationObservations(), policy, now: start).state }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(states.count == 4)
    #expect(Set(states.map { $0.signer?.id }).count == 1)
  }

  @Test func `a command is one write, and refused where there is nothing yet`() async throws {
    let custody = MemoryCustody()
    let round = try round(custody)
    let refusal = await #expect(throws: RotationRefusal.self) {
      try await round.run(.prepare, RotationObservations(), policy, now: start)
    }
    #expect(refusal == .noAuthority)
    _ = try await round.run(RotationObservations(), policy, now: start)
    let state = try await round.run(.prepare, RotationObservations(), policy, now: start)
    #expect(state.successor != nil)
    #expect(try await custody.load() == state)
    let held = await #expect(throws: RotationRefusal.self) {
      try await round.run(.activate(nil), RotationObservations(), policy, now: start)
    }
    #expect(held?.description.contains("it is not known which ConfigMaps have it") == true)
  }
}
