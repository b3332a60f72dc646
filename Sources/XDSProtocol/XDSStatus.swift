/// Why a stream is closed by the server, in gRPC's terms.
package struct XDSStatus: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    case invalidArgument
    case permissionDenied
    case resourceExhausted
  }

  package var code: Code
  /// For the client: what it did, and what it may do instead.
  package var message: String

  package init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}

extension XDSStatus {
  static func unknownType(_ typeURL: String, served: [String]) -> XDSStatus {
    XDSStatus(
      code: .invalidArgument,
      message: "type_url \"\(typeURL.printable(128))\" is not served here; ask for \(served.joined(separator: " or "))"
    )
  }

  static func tooManyNames(_ count: Int, limit: Int) -> XDSStatus {
    XDSStatus(
      code: .resourceExhausted,
      message: "\(count) names on one stream are too many; ask for at most \(limit), or open more streams"
    )
  }

  static func nameTooLong(_ bytes: Int, limit: Int) -> XDSStatus {
    XDSStatus(code: .invalidArgument, message: "a resource name of \(bytes) bytes is too long; \(limit) is the most")
  }

  static let emptyName = XDSStatus(code: .invalidArgument, message: "a resource name is empty; leave it out instead")

  static func refused(_ name: String) -> XDSStatus {
    XDSStatus(
      code: .permissionDenied,
      message: "this caller may not have \"\(name.printable(256))\"; a caller gets its own identity and trust bundles"
    )
  }
}
