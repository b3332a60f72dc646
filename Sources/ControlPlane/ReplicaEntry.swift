package import CertificateAuthority
package import FoundationEssentials
import KubernetesObjects

/// What a replica tells the others, as one value of a ConfigMap.
package struct ReplicaEntry: Sendable, Equatable {
  /// Far more than the largest that is sound.
  static let maximumBytes = 8 * 1024

  /// Grows with each writing: who looks sees that the replica lives, without a look at its clock.
  package var beat: Int
  /// Of the state that the replica goes by.
  package var generation: Int
  /// The replica's clock as it wrote.
  package var time: Date
  package var report: ReplicaReport

  package init(beat: Int, generation: Int, time: Date, report: ReplicaReport) {
    self.beat = beat
    self.generation = generation
    self.time = time
    self.report = report
  }

  var text: String {
    var roots = JSONObject()
    for (id, spread) in report.spread.sorted(by: { $0.key < $1.key }) {
      var root: JSONValue = [
        "published": .string(Timestamp.text(spread.publishedAt)),
        "waiting": .number(JSONNumber(spread.waitingSubscribers)),
      ]
      root["older"] = spread.olderBundlesUntil.map { .string(Timestamp.text($0)) }
      roots[id.rawValue] = root
    }
    let value: JSONValue = [
      "beat": .number(JSONNumber(beat)),
      "generation": .number(JSONNumber(generation)),
      "time": .string(Timestamp.text(time)),
      "roots": .object(roots),
    ]
    return String(decoding: value.serialized(), as: UTF8.self)
  }

  /// Nil for what no replica writes.
  init?(text: String) {
    guard text.utf8.count <= Self.maximumBytes, let value = try? JSONValue(parsing: Array(text.utf8)),
      let beat = value["beat"]?.integer, let generation = value["generation"]?.integer,
      let time = value["time"]?.string.flatMap({ Timestamp.parse($0) }), let roots = value["roots"]?.object,
      roots.count <= AuthorityState.maximumRoots
    else { return nil }
    var spread: [AuthorityID: RootSpread] = [:]
    for (key, root) in roots {
      guard let id = AuthorityID(key), let published = root["published"]?.string.flatMap({ Timestamp.parse($0) }),
        let waiting = root["waiting"]?.integer, waiting >= 0
      else { return nil }
      var older: Date?
      if let text = root["older"]?.string {
        guard let date = Timestamp.parse(text) else { return nil }
        older = date
      }
      spread[id] = RootSpread(publishedAt: published, waitingSubscribers: waiting, olderBundlesUntil: older)
    }
    self.init(beat: beat, generation: generation, time: time, report: ReplicaReport(spread: spread))
  }

  /// The report by our clock: what it calls past may be so by the other's alone, so the later of both readings counts.
  ///
  /// - Parameter received: when it was seen here.
  func report(received: Date) -> ReplicaReport {
    let ahead = max(0, received.timeIntervalSince(time))
    return ReplicaReport(
      spread: report.spread.mapValues { spread in
        RootSpread(
          publishedAt: spread.publishedAt.addingTimeInterval(ahead),
          waitingSubscribers: spread.waitingSubscribers,
          olderBundlesUntil: spread.olderBundlesUntil
        )
      }
    )
  }
}
