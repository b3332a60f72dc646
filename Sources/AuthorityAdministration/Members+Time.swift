import CertificateAuthority
import FoundationEssentials
import KubernetesObjects

extension Members {
  func time(_ key: String) throws(AdministrationError) -> Date {
    guard let time = try optionalTime(key) else { throw wrong(key, "is missing") }
    return time
  }

  func optionalTime(_ key: String) throws(AdministrationError) -> Date? {
    guard let text = try optionalString(key) else { return nil }
    guard let time = Timestamp.parse(text) else { throw wrong(key, "is no time like 2026-01-31T12:00:00Z") }
    return time
  }
}

extension JSONObject {
  /// Adds what there is.
  mutating func set(_ key: String, _ time: Date?) {
    if let time { self[key] = .string(Timestamp.text(time)) }
  }

  mutating func set(_ key: String, _ text: String?) {
    if let text { self[key] = .string(text) }
  }
}
