import COpenSSL
import CertificateAuthority

/// libcrypto's error queue, which belongs to the thread.
enum OpenSSLError {
  /// Empties the queue and returns its messages, the oldest first.
  static func drain() -> String {
    var messages: [String] = []
    while true {
      let code = ERR_get_error()
      guard code != 0 else { break }
      let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        ERR_error_string_n(code, buffer.baseAddress, buffer.count)
        return buffer.baseAddress.map { String(cString: $0) } ?? ""
      }
      if messages.count < 8 { messages.append(message) }
    }
    return messages.isEmpty ? "no reason given" : messages.joined(separator: "; ")
  }

  static func failure(_ operation: String) -> KeyError { .failed(operation: operation, reason: drain()) }
}
