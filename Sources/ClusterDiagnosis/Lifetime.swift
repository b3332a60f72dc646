import CertificateAuthority
import FoundationEssentials

/// How much of a certificate's life is left, as a finding.
enum Lifetime {
  static func finding(_ section: Section, _ what: String, _ certificate: MeshCertificate, _ now: Date) -> Finding {
    let period = certificate.validity
    if now < period.notBefore {
      return .failure(
        section,
        "\(what) is valid from \(Timestamp.text(period.notBefore)) on only",
        cure: "compare the clocks of this machine and of the cluster"
      )
    }
    let life = period.notAfter.timeIntervalSince(period.notBefore)
    // A tenth of its life, and of a long life two weeks.
    return finding(section, what, ends: period.notAfter, near: min(life / 10, 14 * 86_400), now)
  }

  static func finding(_ section: Section, _ what: String, ends: Date, near: TimeInterval, _ now: Date) -> Finding {
    let left = ends.timeIntervalSince(now)
    if left <= 0 {
      return .failure(section, "\(what) ended \(span(-left)) ago", cure: "look at the log of the control plane")
    }
    if left < near {
      return .warning(
        section,
        "\(what) ends in \(span(left)), and its successor should be there",
        cure: "look at the log of the control plane, and see amesh ca status for what rotation waits for"
      )
    }
    return .ok(section, "\(what) has \(span(left)) left")
  }

  /// In the largest unit that it has two of.
  static func span(_ seconds: TimeInterval) -> String {
    let seconds = Int(min(max(seconds, 0), 1e12))
    if seconds >= 2 * 86_400 { return "\(seconds / 86_400) d" }
    if seconds >= 2 * 3600 { return "\(seconds / 3600) h" }
    if seconds >= 120 { return "\(seconds / 60) min" }
    return "\(seconds) s"
  }
}
