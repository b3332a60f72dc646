package import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where is written down who got which certificate, and who was refused one: a JSON object a line.
///
/// Of strangers some leave one, so that they can't fill the disk; all of them are in the metrics.
package struct AuditLog: Sendable {
  private let body: @Sendable ([UInt8]) -> Void

  private init(_ body: @escaping @Sendable ([UInt8]) -> Void) { self.body = body }

  func write(_ record: AuditRecord) { body(record.line) }

  /// Into the log of everything else, at level notice.
  package static func logger(_ logger: Logger) -> AuditLog {
    AuditLog { logger.notice("audit", metadata: ["audit": "\(String(decoding: $0, as: UTF8.self))"]) }
  }

  /// Appends to a file, which is made for its owner alone, and never followed if it is a link. Each line is one write,
  /// so that those of several processes do not mix; a line that can't be written goes to the logger, so that none is lost.
  package static func file(_ path: String, logger: Logger) throws(AuditLogError) -> AuditLog {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw AuditLogError(path: path, code: errno) }
    let file = OpenFile(descriptor)
    return AuditLog { line in
      guard !file.append(line + [UInt8(ascii: "\n")]) else { return }
      logger.error(
        "The audit log can't be written",
        metadata: ["path": "\(path)", "audit": "\(String(decoding: line, as: UTF8.self))"]
      )
    }
  }
}

/// Closes with the last that holds it.
private final class OpenFile: Sendable {
  private let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) -> Bool {
    while true {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      return count == bytes.count
    }
  }
}

package struct AuditLogError: Error, Sendable, Hashable, CustomStringConvertible {
  package var path: String
  package var code: Int32

  package var description: String {
    "can't open the audit log \(path): \(String(cString: strerror(code))); name a file in a directory of this user's"
  }
}
