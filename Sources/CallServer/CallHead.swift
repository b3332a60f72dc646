package import NIOCore
package import NIOHPACK

/// What a call begins with, as far as it matters (gRPC over HTTP/2, "Request-Headers"). A value without I/O.
package struct CallHead: Hashable {
  package enum Refusal: Error, Hashable {
    /// Of no gRPC client.
    case notGRPC
    case malformedTimeout
  }

  /// `/SERVICE/METHOD`, or whatever else was sent.
  package let path: String
  /// Every value of `authorization`.
  package let authorization: [String]
  /// How long the client waits for the call to end.
  package let timeout: TimeAmount?

  package init(_ headers: HPACKHeaders) throws(Refusal) {
    guard let type = headers.first(name: "content-type"), Self.isGRPC(type), headers.first(name: ":method") == "POST"
    else { throw .notGRPC }
    path = headers.first(name: ":path") ?? ""
    authorization = headers["authorization"]
    guard let text = headers.first(name: "grpc-timeout") else {
      timeout = nil
      return
    }
    guard let timeout = Self.timeout(text) else { throw .malformedTimeout }
    self.timeout = timeout
  }

  private static func isGRPC(_ type: String) -> Bool {
    let name = "application/grpc"
    guard type.hasPrefix(name) else { return false }
    // JSON and others come as a suffix; messages of those are nothing that we read.
    return ["", "+proto"].contains { type == name + $0 || type.hasPrefix(name + $0 + ";") }
  }

  /// Longer than any call lives, and nothing overflows by it.
  private static let longest = TimeAmount.hours(24 * 366)

  /// At most eight digits and a unit.
  private static func timeout(_ text: String) -> TimeAmount? {
    guard let unit = text.last, text.utf8.count <= 9, text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let value = Int64(text.dropLast())
    else { return nil }
    let nanoseconds: Int64? =
      switch unit {
      case "H": 3_600_000_000_000
      case "M": 60_000_000_000
      case "S": 1_000_000_000
      case "m": 1_000_000
      case "u": 1_000
      case "n": 1
      default: nil
      }
    guard let nanoseconds else { return nil }
    let (product, isTooMuch) = value.multipliedReportingOverflow(by: nanoseconds)
    return isTooMuch ? longest : min(.nanoseconds(product), longest)
  }
}
