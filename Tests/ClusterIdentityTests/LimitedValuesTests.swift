import KubernetesAPI
import KubernetesTesting
import Testing

@testable import ClusterIdentity

struct LimitedValuesTests {
  @Test func `so many at once, then one by one`() {
    var limit = RateLimit(perSecond: 2, burst: 3)
    for _ in 0..<3 { #expect(limit.take(now: .zero) == .zero) }
    #expect(limit.take(now: .zero) == nil)
    #expect(limit.take(now: .milliseconds(499)) == nil)
    #expect(limit.take(now: .milliseconds(500)) == .zero)
    #expect(limit.take(now: .milliseconds(500)) == nil)
    #expect(limit.take(now: .milliseconds(500), longestWait: .milliseconds(500)) == .milliseconds(500))
    #expect(limit.take(now: .milliseconds(500), longestWait: .milliseconds(500)) == nil)
    // Who does not come does not save up.
    for _ in 0..<3 { #expect(limit.take(now: .seconds(100)) == .zero) }
    #expect(limit.take(now: .seconds(100)) == nil)
  }

  @Test func `an entry lives for its own time`() {
    var cache = ExpiringCache<String, Int>(capacity: 8)
    cache.insert(1, for: "a", now: .seconds(5), lifetime: .seconds(10))
    cache.insert(2, for: "b", now: .seconds(5), lifetime: .seconds(1))
    #expect(cache.value("a", now: .seconds(14)) == 1)
    #expect(cache.value("a", now: .seconds(15)) == nil)
    #expect(cache.value("b", now: .seconds(6)) == nil)
    #expect(cache.value("a", now: .seconds(4)) == nil)
    cache.insert(3, for: "a", now: .seconds(20), lifetime: .seconds(1))
    #expect(cache.value("a", now: .seconds(20)) == 3)
    #expect(cache.count == 2)
  }

  @Test func `the oldest entry gives way`() {
    var cache = ExpiringCache<Int, Int>(capacity: 3)
    var ended = EndedUIDs(capacity: 3)
    for number in 0..<10 {
      cache.insert(number, for: number, now: .zero, lifetime: .seconds(1))
      ended.insert("\(number)")
      ended.insert("\(number)")
    }
    #expect((0..<10).filter { cache.value($0, now: .zero) != nil } == [7, 8, 9])
    #expect((0..<10).filter { ended.contains("\($0)") } == [7, 8, 9])
    #expect((cache.count, ended.count) == (3, 3))
  }

  @Test func `one works and all get what comes of it`() async {
    let flight = SingleFlight<String, Int>()
    let started = Observed(0)
    let goesOn = Observed(false)
    let work: @Sendable () async -> Int? = {
      started.change { $0 += 1 }
      await goesOn.wait { $0 }
      return 7
    }
    await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<5 { group.addTask { await flight.value("a", work) } }
      group.addTask { await flight.value("b", work) }
      await started.wait { $0 == 2 }
      while flight.waiting < 4 { await Task.yield() }
      goesOn.change { $0 = true }
      for await value in group { #expect(value == 7) }
    }
    #expect(started.state == 2)
    #expect(flight.waiting == 0)
    // What is over is not remembered.
    #expect(await flight.value("a") { 8 } == 8)
  }

  @Test func `who is cancelled stops waiting, the others go on`() async {
    let flight = SingleFlight<String, Int>()
    let goesOn = Observed(false)
    let started = Observed(0)
    await withTaskGroup(of: Int?.self) { group in
      group.addTask {
        await flight.value("a") {
          started.change { $0 += 1 }
          await goesOn.wait { $0 }
          return 7
        }
      }
      await started.wait { $0 == 1 }
      let impatient = Task { await flight.value("a") { 9 } }
      while flight.waiting < 1 { await Task.yield() }
      impatient.cancel()
      #expect(await impatient.value == nil)
      goesOn.change { $0 = true }
      #expect(await group.next() == 7)
    }
  }

  @Test func `what takes too long is cancelled`() async {
    let clock = ManualClock()
    let time = Timekeeper(clock)
    #expect(await time.bounded(.seconds(5)) { 7 } == 7)
    async let late = time.bounded(.seconds(5)) { () async -> Bool in
      try? await time.sleep(.seconds(60))
      return Task.isCancelled
    }
    await clock.waitForSleepers(2)
    clock.advance(by: .seconds(5))
    #expect(await late == nil)
    #expect(clock.sleepers == 0)
  }
}
