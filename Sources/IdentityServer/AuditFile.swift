import FoundationEssentials
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The file of the audit log, opened by its name again in each second that has lines.
final class AuditFile: Sendable {
  private struct State {
    var descriptor: Int32
    /// Of the last look at the name.
    var second = Int64.min
    var lines = WholeLines()
  }

  private let path: String
  private let state: NIOLockedValueBox<State>

  init(_ path: String) throws(AuditLogError) {
    self.path = path
    state = NIOLockedValueBox(State(descriptor: try Self.open(path)))
  }

  deinit { close(state.withLockedValue { $0.descriptor }) }

  /// - Returns: whether the whole line is in the file, and why that is not the one that has the name now.
  func append(_ line: [UInt8], now: Date) -> (isWritten: Bool, reopening: AuditLogError?) {
    state.withLockedValue { state in
      var problem: AuditLogError?
      let second = Int64(now.timeIntervalSince1970.rounded(.down))
      if second != state.second {
        state.second = second
        do throws(AuditLogError) {
          let descriptor = try Self.open(path)
          close(state.descriptor)
          state.descriptor = descriptor
        } catch {
          problem = error
        }
      }
      let descriptor = state.descriptor
      let isWritten = state.lines.append(line) { bytes in
        while true {
          let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
          if count >= 0 || errno != EINTR { return count }
        }
      }
      return (isWritten, problem)
    }
  }

  private static func open(_ path: String) throws(AuditLogError) -> Int32 {
    let descriptor = systemOpen(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw AuditLogError(path: path, code: errno) }
    // One that was there may have been made by somebody less careful.
    guard fchmod(descriptor, 0o600) == 0 else {
      let code = errno
      close(descriptor)
      throw AuditLogError(path: path, code: code)
    }
    return descriptor
  }
}

/// Lines where each write may end early, as on a full disk: what comes after a torn line begins a new one.
struct WholeLines: Sendable {
  private var isTorn = false

  /// - Parameter write: as write(2): how many bytes it took, or less than none.
  /// - Returns: whether it took the whole line.
  mutating func append(_ line: [UInt8], write: ([UInt8]) -> Int) -> Bool {
    let bytes = (isTorn ? [UInt8(ascii: "\n")] : []) + line + [UInt8(ascii: "\n")]
    let count = write(bytes)
    if count > 0 { isTorn = count < bytes.count }
    return count == bytes.count
  }
}

/// `open(2)`, which `AuditFile.open` hides.
private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }

package struct AuditLogError: Error, Sendable, Hashable, CustomStringConvertible {
  package var path: String
  package var code: Int32

  package var description: String {
    "can't open the audit log \(path): \(String(cString: strerror(code))); name a file in a directory of this user's"
  }
}
