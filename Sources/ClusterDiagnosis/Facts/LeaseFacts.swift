package import FoundationEssentials
package import KubernetesObjects

/// Who leads the control planes, by the Lease.
package struct LeaseFacts: Sendable, Hashable {
  package var holder: String
  package var seconds: Int
  /// Nil where that is not said, or not in a way that can be read.
  package var renewed: Date?

  package init(holder: String, seconds: Int, renewed: Date?) {
    self.holder = holder
    self.seconds = seconds
    self.renewed = renewed
  }

  package init?(_ lease: JSONView) {
    guard ObjectFacts(lease) != nil else { return nil }
    let spec = lease["spec"]
    holder = spec?.string(of: "holderIdentity") ?? ""
    seconds = spec?.integer(of: "leaseDurationSeconds") ?? 0
    // Whole seconds are enough here.
    renewed = spec?.string(of: "renewTime").flatMap { try? Date($0.prefix(19) + "Z", strategy: .iso8601) }
  }
}
