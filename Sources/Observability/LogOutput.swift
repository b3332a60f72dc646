import Glibc

/// Where log lines go.
package struct LogOutput: Sendable {
  private let body: @Sendable ([UInt8]) -> Void

  /// - Parameter write: takes one whole line, with its line break.
  package init(_ write: @escaping @Sendable ([UInt8]) -> Void) { body = write }

  package func write(_ line: [UInt8]) { body(line) }

  /// A file descriptor; each line is one `write(2)`, so that lines of several threads do not mix.
  package static func descriptor(_ descriptor: Int32) -> LogOutput {
    LogOutput { line in
      var rest = line[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if count < 0, errno == EAGAIN {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          // A reader that has been stuck for a second loses the line, we do not wait for it.
          guard poll(&waiting, 1, 1000) > 0 else { return }
        } else if count < 0, errno == EINTR {
          continue
        } else {
          return
        }
      }
    }
  }

  package static let standardError = LogOutput.descriptor(STDERR_FILENO)
}
