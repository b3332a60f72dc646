import FoundationEssentials
package import Logging
import NIOConcurrencyHelpers

/// Where is written down who got which certificate, and who was refused one: a JSON object a line.
///
/// Of those who got none, strangers or not, some leave one, so that they can't fill the disk; all of them are in the
/// metrics, and the next line tells how many were left out.
package struct AuditLog: Sendable {
  /// Lines of callers who are known and were refused something, of all of them together.
  static let refusalsPerSecond = 100

  private let body: @Sendable ([UInt8], Date) -> Void
  private let budget = NIOLockedValueBox(LineBudget(linesPerSecond: refusalsPerSecond))
  private let metrics: IdentityMetrics?

  private init(_ metrics: IdentityMetrics?, _ body: @escaping @Sendable ([UInt8], Date) -> Void) {
    self.metrics = metrics
    self.body = body
  }

  func write(_ record: AuditRecord) {
    guard record.isRationed else { return body(record.line, record.time) }
    let (isAllowed, suppressed) = budget.withLockedValue { $0.spend(now: record.time) }
    guard isAllowed else { return metrics?.lineSuppressed() ?? () }
    body(record.line(suppressed: suppressed), record.time)
  }

  /// Into the log of everything else, at level notice.
  package static func logger(_ logger: Logger, metrics: IdentityMetrics? = nil) -> AuditLog {
    AuditLog(metrics) { line, _ in
      logger.notice("audit", metadata: ["audit": "\(String(decoding: line, as: UTF8.self))"])
    }
  }

  /// Appends to a file, which is made for its owner alone, and never followed if it is a link. Each line is one write,
  /// so that those of several processes do not mix; a line that can't be written goes to the logger, so that none is
  /// lost. Whoever rotates logs may rename or remove the file: within a second another one is made.
  ///
  /// - Parameter metrics: counts the lines that are left out.
  package static func file(
    _ path: String,
    logger: Logger,
    metrics: IdentityMetrics? = nil
  ) throws(AuditLogError) -> AuditLog {
    let file = try AuditFile(path)
    return AuditLog(metrics) { line, now in
      let outcome = file.append(line, now: now)
      if let error = outcome.reopening { logger.error("\(error); lines go to the file that was there") }
      guard !outcome.isWritten else { return }
      logger.error(
        "The audit log can't be written",
        metadata: ["path": "\(path)", "audit": "\(String(decoding: line, as: UTF8.self))"]
      )
    }
  }
}
