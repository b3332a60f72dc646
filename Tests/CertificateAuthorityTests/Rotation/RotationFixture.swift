import CertificateAuthority
import FoundationEssentials
import SPIFFE
import Testing

/// A state with an old root and times around it, without real certificates.
struct RotationFixture {
  static let start = Date(timeIntervalSince1970: 1_767_225_600)
  let policy = RotationPolicy()
  let oldID: AuthorityID
  let newID: AuthorityID
  let first: AuthorityState

  init() throws {
    oldID = try #require(AuthorityID("old"))
    newID = try #require(AuthorityID("new"))
    first = AuthorityState(
      trustDomain: try TrustDomain("cluster.local"),
      firstRoot: Self.root(oldID, from: Self.start, days: 3_650),
      key: .uri("store:test"),
      at: Self.start
    )
  }

  static func root(_ id: AuthorityID, from date: Date, days: Double) -> RootCertificate {
    RootCertificate(id: id, derEncoded: [], notBefore: date, notAfter: date.addingTimeInterval(days * 86_400))
  }

  static func hours(_ hours: Double) -> Date { start.addingTimeInterval(hours * 3_600) }

  /// With a replica that signs, recorded an hour before the new root is prepared.
  ///
  /// - Parameter leafCap: seconds of the longest leaf that it may sign; nil for the policy's.
  func prepared(leafCap: Double? = nil) throws -> AuthorityState {
    let id = try #require(AuthorityID("intermediate-1"))
    let recorded = try first.recording(
      id,
      under: oldID,
      replica: "a",
      notAfter: Self.hours(168),
      leafCap: leafCap ?? policy.leafCap,
      at: Self.start
    )
    return try recorded.preparing(
      Self.root(newID, from: Self.start, days: 3_650),
      key: .uri("store:test"),
      at: Self.hours(1)
    )
  }

  func observing(_ spread: RootSpread?, configMaps: Bool = true) -> RotationObservations {
    let report = ReplicaReport(spread: spread.map { [newID: $0] } ?? [:])
    return RotationObservations(replicas: ["a": .reports(report)], configMapsHold: configMaps ? [newID] : [])
  }
}
