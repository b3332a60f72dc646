import AmeshTesting
import Testing

@testable import KubernetesAPI

/// Replicas whose clocks run at speeds of their own, that fall asleep between deciding and writing, whose answers get lost,
/// against a server that compares and sets.
@Suite struct LeaderElectionSimulationTests {
  private struct Replica {
    var state: LeaderElectionState
    var speed: Double
    var asleepUntil = 0.0
    /// What it is about to write, over which version, and when it decided to.
    var pending: (record: LeaseRecord, version: Int, asked: Duration)?

    func now(_ time: Double) -> Duration { .seconds(time * speed) }
    func leadership(_ time: Double) -> Leadership? { state.leadership(now: now(time)) }
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func `no two lead at a time, and no number is given twice`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    // A deleted Lease can make two for a moment; then their numbers tell them apart.
    let isDeleted = seed.isMultiple(of: 2)
    var lease: LeaseRecord?
    var version = 0
    var replicas = [0.9, 1.0, 1.1].enumerated().map { index, speed in
      Replica(state: LeaderElectionState(identity: "r\(index)", timing: LeaderElectionTiming()), speed: speed)
    }
    var owners: [Int: String] = [:]
    var time = 0.0
    while time < 3000 {
      time += Double.random(in: 0.05..<1, using: &random)
      if isDeleted, Int.random(in: 0..<300, using: &random) == 0 { (lease, version) = (nil, version + 1) }
      let index = Int.random(in: 0..<replicas.count, using: &random)
      if Int.random(in: 0..<60, using: &random) == 0 {
        replicas[index].asleepUntil = time + Double.random(in: 5..<60, using: &random)
      }
      guard replicas[index].asleepUntil <= time else { continue }
      let now = replicas[index].now(time)
      if let pending = replicas[index].pending {
        replicas[index].pending = nil
        guard pending.version == version else { continue }
        (lease, version) = (pending.record, version + 1)
        #expect(owners[pending.record.transitions, default: pending.record.holder] == pending.record.holder)
        owners[pending.record.transitions] = pending.record.holder
        // What was written and not answered is seen at the next look.
        if Int.random(in: 0..<10, using: &random) > 0 {
          replicas[index].state.wrote(pending.record, askedAt: pending.asked)
        }
      } else {
        replicas[index].state.observe(lease, now: now)
        let floor = owners.keys.max() ?? 0
        switch replicas[index].state.decide(now: now, floor: isDeleted ? floor : 0, wallClock: "\(time)") {
        case .leave: break
        case .create(let record), .take(let record), .renew(let record):
          replicas[index].pending = (record, version, now)
        }
      }
      let fences = replicas.compactMap { $0.leadership(time)?.fence }
      #expect(isDeleted ? Set(fences).count == fences.count : fences.count <= 1)
    }
    #expect(owners.count > 10)
  }
}
