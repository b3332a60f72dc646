import SPIFFE
import SidecarIdentity

/// What the environment says of mutual TLS. What can't be read closes more than it opens: traffic that is refused is
/// noticed.
extension SidecarSettings {
  static let securityVariables = [
    "AMESH_ALLOWED_IDENTITIES", "AMESH_INBOUND_PORTS", "AMESH_MTLS", "AMESH_SDS_SERVER_NAME", "AMESH_SDS_SOURCE",
  ]

  static let defaultIdentitySource = "https://amesh.amesh-system.svc:15012"

  mutating func readSecurity(_ get: (String) -> String?) {
    // Injected before there was mutual TLS.
    guard let mode = get("AMESH_MTLS") else { return }
    let trustDomain: TrustDomain
    do throws(SPIFFEIDError) {
      trustDomain = try TrustDomain(get("AMESH_TRUST_DOMAIN") ?? "cluster.local")
    } catch {
      return problems.append("AMESH_TRUST_DOMAIN: \(error); there is no mutual TLS")
    }
    var security = SidecarSecurity(mode: .disabled, trustDomain: trustDomain)
    if let known = SidecarSecurity.Mode(rawValue: mode) {
      security.mode = known
    } else {
      security.mode = .strict
      problems.append("AMESH_MTLS: must be permissive, strict or disabled; strict is used")
    }
    if let text = get("AMESH_ALLOWED_IDENTITIES") { security.allowedIdentities = identities(text) }
    security.inboundPorts = ports(get("AMESH_INBOUND_PORTS") ?? "")
    do throws(SettingProblem) {
      identitySource = try XDSSource(parsing: get("AMESH_SDS_SOURCE") ?? Self.defaultIdentitySource)
    } catch {
      problems.append("AMESH_SDS_SOURCE: \(error)")
    }
    identityServerName = get("AMESH_SDS_SERVER_NAME")
    self.security = security
  }

  private mutating func identities(_ text: String) -> [IdentityPattern] {
    var patterns: [IdentityPattern] = []
    for part in text.split(separator: ",") {
      let pattern = String(part).trimmed
      do throws(SPIFFEIDError) {
        patterns.append(try IdentityPattern(pattern))
      } catch {
        problems.append("AMESH_ALLOWED_IDENTITIES: \"\(pattern.prefix(100))\": \(error); nobody is served for it")
      }
    }
    return patterns
  }

  private mutating func ports(_ text: String) -> [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      if let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, 0 < first, first <= last {
        ranges.append(Int(first)...Int(last))
      } else {
        problems.append("AMESH_INBOUND_PORTS: \"\(part.prefix(40))\" is no port, nor a range of ports")
      }
    }
    return ranges
  }
}
