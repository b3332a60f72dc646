import CertificateAuthority
import Foundation
import KubernetesObjects
import SPIFFE

/// A chain of certificates as a person reads it: who, until when, signed by whom, and what is wrong.
struct CertificatePrinter {
  let now: Date
  let descriptor: Int32

  func text(_ chain: [MeshCertificate], _ findings: CertificateFindings) -> String {
    var lines: [String] = []
    for (index, certificate) in chain.enumerated() {
      lines.append(style(.bold, "\(index + 1)/\(chain.count)  \(title(certificate, isFirst: index == 0))"))
      lines += facts(certificate).map {
        "     " + style(.dim, $0.name.padding(toLength: 10, withPad: " ", startingAt: 0)) + $0.value
      }
      lines += findings.certificates[index].map { "     " + line($0) }
      lines.append("")
    }
    lines += findings.chain.map(line)
    if !findings.isFaultless {
      lines.append(style(.red, "Peers that hold to SPIFFE refuse it."))
    } else if chain.first?.isAuthority == true {
      lines.append(style(.green, "Fine as an authority."))
    } else {
      lines.append(style(.green, "Fine as an X.509-SVID."))
    }
    return lines.joined(separator: "\n")
  }

  private func title(_ certificate: MeshCertificate, isFirst: Bool) -> String {
    if !certificate.isAuthority { return isFirst ? "workload" : "leaf" }
    return certificate.isSelfIssued ? "root" : "intermediate"
  }

  private func facts(_ certificate: MeshCertificate) -> [(name: String, value: String)] {
    let period = certificate.validity
    var facts: [(name: String, value: String)] = [
      ("identity", certificate.uris.isEmpty ? "(none)" : certificate.uris.joined(separator: ", "))
    ]
    if !certificate.dnsNames.isEmpty { facts.append(("DNS names", certificate.dnsNames.joined(separator: ", "))) }
    if !certificate.ipAddresses.isEmpty {
      facts.append(("addresses", certificate.ipAddresses.map(\.description).joined(separator: ", ")))
    }
    facts += [
      ("subject", text(certificate.subjectName)), ("issuer", text(certificate.issuerName)),
      ("serial", "\(certificate.serialNumber)"), ("key", "\(certificate.publicKey.algorithm)"),
      ("valid", "\(Self.time(period.notBefore)) to \(Self.time(period.notAfter))"), ("", bar(period)),
    ]
    if let usage = certificate.keyUsage { facts.append(("usage", "\(usage)")) }
    return facts
  }

  /// The library prints this attribute by its number (X.520: serialNumber).
  private func text(_ name: String) -> String {
    name.isEmpty ? "(empty)" : name.replacing("2.5.4.5=", with: "serialNumber=")
  }

  /// How much of a life is over.
  func bar(_ period: ValidityPeriod) -> String {
    let life = max(1, period.notAfter.timeIntervalSince(period.notBefore))
    let share = min(1, max(0, now.timeIntervalSince(period.notBefore) / life))
    let width = 30
    let used = Int((share * Double(width)).rounded())
    let bar = String(repeating: "█", count: used) + String(repeating: "░", count: width - used)
    let left = period.notAfter.timeIntervalSince(now)
    return left < 0 ? "\(bar) ended \(Self.span(-left)) ago" : "\(bar) \(Self.span(left)) left of \(Self.span(life))"
  }

  private func line(_ finding: CertificateFindings.Finding) -> String {
    switch finding.severity {
    case .fault: style(.red, "✘ ") + finding.text
    case .remark: style(.yellow, "! ") + finding.text
    }
  }

  private func style(_ style: Style, _ text: String) -> String { style.apply(text, on: descriptor) }

  static func time(_ date: Date) -> String {
    date.formatted(.iso8601.dateSeparator(.dash).dateTimeSeparator(.space).timeSeparator(.colon))
  }

  /// The two largest units.
  static func span(_ seconds: TimeInterval) -> String {
    let units: [(name: String, length: Int)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
    var rest = Int(min(seconds, 1e12))
    var parts: [String] = []
    for unit in units {
      let count = rest / unit.length
      rest %= unit.length
      if count > 0 { parts.append("\(count) \(unit.name)") }
      if parts.count == 2 { break }
    }
    return parts.isEmpty ? "0 s" : parts.joined(separator: " ")
  }
}
