import CertificateAuthority
import FoundationEssentials

/// What replicas have told, and when that was seen here. Whoever is not heard of again is silent after a while, by the time
/// that passed here: no clock of another machine is looked at.
struct ReplicaBook: Sendable {
  static let maximumReplicas = 128
  /// A replica writes three times as often.
  static let silentAfter = Duration.seconds(45)
  /// Its entry is taken out then.
  static let forgottenAfter = Duration.seconds(600)

  private struct Seen: Sendable {
    var text: String
    var entry: ReplicaEntry?
    var at: Duration
    var received: Date
  }

  private var seen: [String: Seen] = [:]

  /// All values of the ConfigMap as they are now.
  mutating func saw(_ values: [String: String], at now: Duration, clock: Date) {
    seen = seen.filter { values[$0.key] != nil }
    for (name, text) in values where seen[name]?.text != text {
      guard seen[name] != nil || seen.count < Self.maximumReplicas else { continue }
      seen[name] = Seen(text: text, entry: ReplicaEntry(text: text), at: now, received: clock)
    }
  }

  /// Those who are alive as far as one can see from here.
  func reports(at now: Duration) -> [String: ReplicaReport] {
    seen.compactMapValues { seen in
      now < seen.at + Self.silentAfter ? seen.entry?.report(received: seen.received) : nil
    }
  }

  /// What they said last, for people.
  func entries(at now: Duration) -> [String: ReplicaEntry] {
    seen.compactMapValues { now < $0.at + Self.silentAfter ? $0.entry : nil }
  }

  func forgotten(at now: Duration) -> [String] {
    seen.filter { now >= $0.value.at + Self.forgottenAfter }.keys.sorted()
  }
}
