import FoundationEssentials
import KubernetesObjects
import KubernetesTesting
import Logging
import ServiceLifecycle
import Testing

@testable import KubernetesAPI

@Suite(.timeLimit(.minutes(1))) struct LeaderElectionTests {
  private static let lease = ObjectKey(namespace: "kube-system", name: "amesh")
  private let server = InMemoryAPIServer()
  private let clock = ManualClock()
  private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// - Parameter limitsRequests: whether the clock limits requests too; else what sleeps on it are the looks alone.
  private func election(
    _ identity: String,
    wallClock: TimeInterval = 0,
    floor: Int = 0,
    limitsRequests: Bool = false
  ) -> LeaderElection {
    let limit = LeaderElectionTiming().renewDeadline / 2
    let start = clock.now
    let time = Timekeeper(now: { [clock] in start.duration(to: clock.now) }) { [clock] duration in
      if duration == limit, !limitsRequests {
        try await Task.sleep(for: .seconds(60))
      } else {
        try await clock.sleep(for: duration)
      }
    }
    return LeaderElection(
      client: server,
      lease: Self.lease,
      identity: identity,
      fencingFloor: { floor },
      time: time,
      wallClock: { [clock] in Date(timeIntervalSince1970: wallClock + start.duration(to: clock.now) / .seconds(1)) },
      draw: { 0 },
      logger: silent
    )
  }

  private func record() async throws -> LeaseRecord {
    LeaseRecord(try await server.get(.leases, Self.lease).root.value)
  }

  private func running(_ election: LeaderElection, _ body: () async throws -> Void) async throws {
    let group = ServiceGroup(services: [election], logger: silent)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  /// Lets both look once more.
  private func period(_ sleepers: Int) async {
    await clock.waitForSleepers(sleepers)
    clock.advance(by: .seconds(2))
    await clock.waitForSleepers(sleepers)
  }

  @Test func `a Lease that was taken without an answer is given back too`() async throws {
    let one = election("one")
    server.fail(TwinFault(.unreachable, .after, where: { $0.verb == "create" && $0.resource == .leases }))
    try await running(one) {
      await clock.waitForSleepers(1)
      #expect(one.leadership == nil)
      let taken = try await record()
      #expect(taken.holder == "one")
    }
    let left = try await record()
    #expect(left.holder == "" && left.transitions == 1)
  }

  @Test func `one leads and renews, the other waits and follows when it is given back`() async throws {
    // A day apart; nobody looks at it.
    let (one, two) = (election("one", wallClock: 86_400), election("two"))
    try await running(one) {
      await clock.waitForSleepers(1)
      #expect(one.leadership?.fence == 1)
      #expect(one.holder == "one")
      try await running(two) {
        for _ in 0..<30 {
          await period(2)
          #expect(one.leadership?.fence == 1 && two.leadership == nil)
        }
        let found1 = try await record()
        #expect(found1.renewed == "1970-01-02T00:01:00.000000Z")
        // Half a minute in which the leader can't renew.
        server.fail(TwinFault(.unreachable, count: .max, where: { $0.verb == "update" }))
        for _ in 0..<6 { await period(2) }
        #expect(one.leadership == nil && two.leadership == nil)
        server.comeBack()
        // The one that led may not go on under the old number.
        await period(2)
        let fences = [one, two].compactMap { $0.leadership?.fence }
        #expect(fences == [2])
      }
    }
    let found2 = try await record()
    #expect(found2.holder == "")
    let three = election("three")
    try await running(three) {
      await clock.waitForSleepers(1)
      #expect((three.leadership?.fence ?? 0) >= 3)
    }
  }

  @Test func `a leader that dies is followed after the Lease's time, as the follower saw it`() async throws {
    let two = election("two")
    let dead = LeaseRecord(holder: "dead", duration: 15, transitions: 7, renewed: "2099-01-01T00:00:00.000000Z")
    try await server.create(.leases, dead.written(into: LeaseRecord.newLease(Self.lease)))
    try await running(two) {
      await clock.waitForSleepers(1)
      for _ in 0..<7 {
        await period(1)
        #expect(two.leadership == nil)
      }
      await period(1)
      #expect(two.leadership?.fence == 8)
    }
  }

  @Test func `a write whose answer was lost is found and not trusted`() async throws {
    let one = election("one")
    server.fail(TwinFault(.cut, .after, where: { $0.verb == "create" && $0.resource == .leases }))
    try await running(one) {
      await clock.waitForSleepers(1)
      #expect(one.leadership == nil)
      let found3 = try await record()
      #expect(found3.holder == "one")
      await period(1)
      #expect(one.leadership?.fence == 2)
    }
  }

  @Test func `a number is higher than what the work carries`() async throws {
    let one = election("one", floor: 17)
    try await running(one) {
      await clock.waitForSleepers(1)
      #expect(one.leadership?.fence == 18)
    }
  }

  @Test func `someone else's name in the Lease ends leadership at the next look`() async throws {
    let one = election("one")
    let told = Observed([Int?]())
    one.onChange { leadership in told.change { $0.append(leadership?.fence) } }
    try await running(one) {
      await clock.waitForSleepers(1)
      let thief = LeaseRecord(holder: "thief", duration: 15, transitions: 2, renewed: "x")
      let found = try await server.get(.leases, Self.lease).root.value
      try await server.update(.leases, thief.written(into: found))
      // The renewal meets a conflict, the look after it the new name.
      await period(1)
      await period(1)
      #expect(one.leadership == nil)
      #expect(one.holder == "thief")
      #expect(told.state == [1, nil])
    }
    let found4 = try await record()
    #expect(found4.holder == "thief")
  }

  @Test func `a server that does not answer costs leadership, not the election`() async throws {
    let one = election("one", limitsRequests: true)
    try await running(one) {
      while one.leadership == nil { await period(1) }
      server.hold()
      while server.observed.state.held == 0 { await period(1) }
      for _ in 0..<6 { await period(1) }
      #expect(one.leadership == nil)
      #expect(one.problem?.isOutage == true)
      server.answer()
      while one.leadership == nil { await period(1) }
      #expect((one.leadership?.fence ?? 0) > 1)
    }
  }

  @Test func `a Lease that says more than we know keeps it`() async throws {
    let one = election("one")
    var lease = LeaseRecord.newLease(Self.lease)
    lease["metadata"]?["labels"] = ["kept": "yes"]
    lease["spec"] = ["preferredHolder": "x", "holderIdentity": ""]
    try await server.create(.leases, lease)
    try await running(one) { await clock.waitForSleepers(1) }
    let found = try await server.get(.leases, Self.lease).root.value
    #expect(found["metadata"]?["labels"] == ["kept": "yes"])
    #expect(found["spec"]?["preferredHolder"] == "x")
  }

  @Test(arguments: [
    (0.0, "1970-01-01T00:00:00.000000Z"), (1_700_000_000.25, "2023-11-14T22:13:20.250000Z"),
    (-0.5, "1969-12-31T23:59:59.500000Z"),
  ])
  func `times have six digits of a second's fraction`(seconds: Double, text: String) {
    #expect(MicroTime.text(Date(timeIntervalSince1970: seconds)) == text)
  }
}
