import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import Testing

/// Certificate requests as `openssl req` makes them.
enum RequestMaker {
  /// - Parameters:
  ///   - key: PEM of the private key.
  ///   - options: further options of `openssl req`.
  static func make(key: String, subject: String = "/", options: [String] = []) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let file = try folder.write("key.pem", key)
    let made = try OpenSSLCommand.run(["req", "-new", "-key", file, "-subj", subject] + options)
    try #require(made.status == 0, "\(made.errors)")
    return Array(made.output)
  }

  static func make(_ algorithm: KeyAlgorithm, subject: String = "/", names: String? = nil) throws -> [UInt8] {
    let key = try KeyPool.key(algorithm).privateKeyPEM().withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    return try make(key: key, subject: subject, options: names.map { ["-addext", "subjectAltName=\($0)"] } ?? [])
  }

  static func der(_ pem: [UInt8]) throws -> [UInt8] {
    try #require(PEM.blocks(in: pem, maximumBytes: 1 << 20, maximumBlocks: 1).first).derBytes
  }

  static func pem(_ der: [UInt8], label: String = "CERTIFICATE REQUEST") -> [UInt8] {
    Array(PEM.text(label: label, derBytes: der).utf8)
  }

  /// One DER value of up to 64 KiB.
  static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let (high, low) = (UInt8(truncatingIfNeeded: content.count >> 8), UInt8(truncatingIfNeeded: content.count))
    return switch content.count {
    case ..<128: [tag, low] + content
    case ..<256: [tag, 0x81, low] + content
    default: [tag, 0x82, high, low] + content
    }
  }
}
