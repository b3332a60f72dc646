import KubernetesTesting
import Testing

@testable import KubernetesAPI

@Suite struct PriorityTokenBucketTests {
  @Test func `each priority keeps something back from those below`() {
    var bucket = PriorityTokenBucket(rate: 1, capacity: 10, now: .zero)
    let taken = RequestPriority.allCases.map { priority in
      (0..<20).count { _ in
        let ticket = bucket.enter(priority)
        guard bucket.admit(ticket, now: .zero) != .go else { return true }
        bucket.leave(ticket)
        return false
      }
    }
    // Background may take half, normal requests all but a fifth, urgent ones the rest.
    #expect(taken == [5, 3, 2])
  }

  @Test func `the urgent one goes before those who came first`() {
    var bucket = PriorityTokenBucket(rate: 1, capacity: 1, now: .zero)
    let first = bucket.enter(.background)
    #expect(bucket.admit(first, now: .zero) == .go)
    let lists = (0..<3).map { _ in bucket.enter(.background) }
    #expect(bucket.admit(lists[0], now: .zero) == .wait(.seconds(1)))
    let urgent = bucket.enter(.urgent)
    #expect(bucket.admit(lists[0], now: .seconds(1)) == .wait(.seconds(1)))
    #expect(bucket.admit(urgent, now: .seconds(1)) == .go)
    #expect(bucket.admit(lists[1], now: .seconds(2)) == .wait(.seconds(1)))
    #expect(bucket.admit(lists[0], now: .seconds(2)) == .go)
  }

  @Test func `who leaves makes room`() {
    var bucket = PriorityTokenBucket(rate: 1, capacity: 1, now: .zero)
    let tickets = (0..<3).map { _ in bucket.enter(.normal) }
    #expect(bucket.admit(tickets[0], now: .zero) == .go)
    bucket.leave(tickets[1])
    #expect(bucket.admit(tickets[2], now: .seconds(1)) == .go)
  }

  @Test func `the bucket is never fuller than full, and time never goes back`() {
    var bucket = PriorityTokenBucket(rate: 100, capacity: 2, now: .seconds(50))
    #expect(bucket.admit(bucket.enter(.urgent), now: .seconds(10)) == .go)
    #expect(bucket.admit(bucket.enter(.urgent), now: .seconds(5000)) == .go)
    #expect(bucket.admit(bucket.enter(.urgent), now: .seconds(5000)) == .go)
    #expect(bucket.admit(bucket.enter(.urgent), now: .seconds(5000)) == .wait(.milliseconds(10)))
  }

  /// However many lists ask, an urgent request waits for one token at most.
  @Test func `a flood of lists does not starve a TokenReview`() async throws {
    let clock = ManualClock()
    let gate = RequestGate(rate: 1, burst: 4, time: Timekeeper(clock))
    let passed = Observed([RequestPriority]())
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for _ in 0..<50 {
        tasks.addTask {
          try await gate.pass(.background)
          passed.change { $0.append(.background) }
        }
      }
      // Two of four tokens are theirs, the others wait.
      await clock.waitForSleepers(48)
      #expect(passed.state.count == 2)
      for _ in 0..<2 { try await gate.pass(.urgent) }
      tasks.addTask {
        try await gate.pass(.urgent)
        passed.change { $0.append(.urgent) }
      }
      await clock.waitForSleepers(49)
      clock.advance(by: .seconds(1))
      await passed.wait { $0.count == 3 }
      #expect(passed.state.last == .urgent)
      tasks.cancelAll()
      while let _ = await tasks.nextResult() {}
    }
    // Those who were cancelled stand in nobody's way.
    clock.advance(by: .seconds(10))
    try await gate.pass(.background)
  }

  @Test func `what a request asks for says how urgent it is`() {
    #expect(RequestPriority.of(.create, .tokenReviews) == .urgent)
    #expect(RequestPriority.of(.update, .leases) == .urgent)
    #expect(RequestPriority.of(.get, .leases) == .urgent)
    #expect(RequestPriority.of(.list, .pods) == .background)
    #expect(RequestPriority.of(.watch, .pods) == .background)
    #expect(RequestPriority.of(.patch, .configMaps) == .normal)
  }
}
