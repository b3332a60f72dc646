import AmeshTesting
import Testing

@testable import KubernetesAPI

@Suite struct LeaderElectionStateTests {
  private let timing = LeaderElectionTiming()

  private func state(_ identity: String = "me") -> LeaderElectionState {
    LeaderElectionState(identity: identity, timing: timing)
  }

  private func record(_ holder: String, transitions: Int = 4, renewed: String = "t") -> LeaseRecord {
    LeaseRecord(holder: holder, duration: 15, transitions: transitions, acquired: "a", renewed: renewed)
  }

  private func decide(_ state: LeaderElectionState, _ seconds: Double, floor: Int = 0) -> LeaderElectionState.Decision {
    state.decide(now: .seconds(seconds), floor: floor, wallClock: "w")
  }

  @Test func `a Lease that is not there is made`() {
    var state = state()
    state.observe(nil, now: .zero)
    guard case .create(let record) = decide(state, 0) else {
      Issue.record("not made")
      return
    }
    #expect(record == LeaseRecord(holder: "me", duration: 15, transitions: 1, acquired: "w", renewed: "w"))
    state.wrote(record, askedAt: .seconds(1))
    #expect(state.leadership(now: .seconds(2)) == Leadership(fence: 1, validUntil: .seconds(11)))
  }

  @Test func `another's Lease is left alone until it was not renewed for its time, by our clock alone`() {
    var state = state()
    // The holder's clock may show anything.
    state.observe(record("other", renewed: "1970-01-01T00:00:00.000000Z"), now: .seconds(100))
    #expect(decide(state, 100) == .leave)
    #expect(decide(state, 114.9) == .leave)
    // It was renewed, so our time begins again.
    state.observe(record("other", renewed: "1970-01-01T00:00:02.000000Z"), now: .seconds(110))
    #expect(decide(state, 124.9) == .leave)
    // Seeing the same again is no renewal.
    state.observe(record("other", renewed: "1970-01-01T00:00:02.000000Z"), now: .seconds(124))
    guard case .take(let taken) = decide(state, 125) else {
      Issue.record("not taken")
      return
    }
    #expect(taken.holder == "me" && taken.transitions == 5)
  }

  @Test func `a Lease that was given back is taken at once, with a higher number`() {
    var state = state()
    state.observe(record(""), now: .zero)
    guard case .take(let taken) = decide(state, 0) else {
      Issue.record("not taken")
      return
    }
    #expect(taken.transitions == 5)
  }

  @Test func `the Lease of a process before us under our name is not ours to renew`() {
    var state = state()
    state.observe(record("me"), now: .zero)
    #expect(state.leadership(now: .zero) == nil)
    guard case .take(let taken) = decide(state, 0) else {
      Issue.record("not taken")
      return
    }
    #expect(taken.transitions == 5)
  }

  @Test func `renewing keeps the number, and leadership counts from when it was asked for`() {
    var state = state()
    state.observe(record(""), now: .zero)
    state.wrote(record("me", transitions: 5), askedAt: .zero)
    guard case .renew(let renewed) = decide(state, 2) else {
      Issue.record("not renewed")
      return
    }
    #expect(renewed == LeaseRecord(holder: "me", duration: 15, transitions: 5, acquired: "a", renewed: "w"))
    state.wrote(renewed, askedAt: .seconds(2))
    #expect(state.leadership(now: .seconds(11.9)) == Leadership(fence: 5, validUntil: .seconds(12)))
    #expect(state.leadership(now: .seconds(12)) == nil)
  }

  @Test func `who could not renew in time is leader no more, and begins with a new number`() {
    var state = state()
    state.observe(record(""), now: .zero)
    state.wrote(record("me", transitions: 5), askedAt: .zero)
    guard case .take(let taken) = decide(state, 10) else {
      Issue.record("not taken anew")
      return
    }
    #expect(taken.transitions == 6)
  }

  @Test func `whoever sees another's name, or another number, leads no more`() {
    for found in [record("other", transitions: 6), record("me", transitions: 6), nil] {
      var state = state()
      state.observe(record(""), now: .zero)
      state.wrote(record("me", transitions: 5), askedAt: .zero)
      state.observe(found, now: .seconds(1))
      #expect(state.leadership(now: .seconds(1)) == nil)
    }
  }

  @Test func `the number grows even when the Lease is deleted, or the work carries a higher one`() {
    var state = state()
    state.observe(record("other", transitions: 9), now: .zero)
    state.observe(nil, now: .seconds(1))
    guard case .create(let made) = decide(state, 1) else {
      Issue.record("not made")
      return
    }
    #expect(made.transitions == 10)
    guard case .create(let above) = decide(state, 1, floor: 41) else {
      Issue.record("not made")
      return
    }
    #expect(above.transitions == 42)
    // A leader that finds its number too low takes the Lease anew.
    state.wrote(made, askedAt: .seconds(1))
    guard case .take(let again) = decide(state, 2, floor: 41) else {
      Issue.record("not taken anew")
      return
    }
    #expect(again.transitions == 42)
  }

  @Test func `numbers of strangers break nothing`() {
    for transitions in [Int.max, Int.min, -1] {
      for duration in [Int.max, Int.min, 0] {
        var state = state()
        state.observe(LeaseRecord(holder: "x", duration: duration, transitions: transitions), now: .zero)
        let decision = decide(state, 4000)
        #expect((decision == .leave) == (transitions == Int.max))
      }
    }
  }

  @Test func `only what is ours is given back`() {
    var state = state()
    #expect(!state.mayHold(now: .zero) && state.givingBack(wallClock: "w") == nil)
    state.observe(record("other"), now: .zero)
    #expect(state.givingBack(wallClock: "w") == nil)
    // No answer came: the next look at the Lease tells.
    state.sends()
    #expect(state.mayHold(now: .zero) && state.givingBack(wallClock: "w") == nil)
    state.observe(record("me", transitions: 5), now: .zero)
    #expect(state.givingBack(wallClock: "w")?.transitions == 5)
    state.wrote(record("me", transitions: 5), askedAt: .zero)
    #expect(state.mayHold(now: .seconds(1)) && !state.mayHold(now: .seconds(10)))
    let given = state.givingBack(wallClock: "w")
    #expect(given?.holder == "" && given?.transitions == 5 && given?.renewed == "w")
  }
}
