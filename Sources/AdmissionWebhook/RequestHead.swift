/// What a request's head says, as far as a webhook cares; the same for HTTP/1.1 and HTTP/2.
///
/// A class, since a head of many strings passes through many hands; whoever makes it fills it before it passes it on.
final class RequestHead {
  let method: String
  /// The request target, with its query.
  let path: String
  private var contentType: String?
  private var contentLengthField: String?
  private var transferEncoding: String?
  private var connection: String?
  private var expect: String?

  init(method: String, path: String) {
    self.method = method
    self.path = path
  }

  /// Takes in one field; the values of fields of one name are joined (RFC 9110, 5.3).
  func add(name: String, value: String) {
    switch name.utf8.count {
    case 6: Self.add(value, to: &expect, if: name, is: "expect")
    case 10: Self.add(value, to: &connection, if: name, is: "connection")
    case 12: Self.add(value, to: &contentType, if: name, is: "content-type")
    case 14: Self.add(value, to: &contentLengthField, if: name, is: "content-length")
    case 17: Self.add(value, to: &transferEncoding, if: name, is: "transfer-encoding")
    default: break
    }
  }

  private static func add(_ value: String, to field: inout String?, if name: String, is wanted: StaticString) {
    let isWanted = wanted.withUTF8Buffer { wanted in
      // Setting bit 5 makes letters lower case and leaves the hyphen alone.
      name.utf8.elementsEqual(wanted) { $0 | 0x20 == $1 }
    }
    guard isWanted else { return }
    field = field.map { "\($0), \(value)" } ?? value
  }

  /// Nil when the body comes in chunks, or in HTTP/2 frames without a length.
  var contentLength: Int? {
    get throws(HTTPProblem) {
      guard let contentLengthField else { return hasNoBody ? 0 : nil }
      guard let length = Int(contentLengthField), length >= 0 else {
        throw HTTPProblem(.badRequest, error: "Content-Length is not a number of bytes", hint: "send it in decimal")
      }
      return length
    }
  }

  /// Whether it is certain that nothing follows the head; HTTP/2 doesn't tell.
  var hasNoBody: Bool {
    contentLengthField == "0"
      || (contentLengthField == nil && transferEncoding == nil && (method == "GET" || wantsNoContent))
  }

  /// Whether the answer goes without its content (RFC 9110, 9.3.2).
  var wantsNoContent: Bool { method == "HEAD" }

  /// Whether the client waits for our word before it sends the body (RFC 9110, 10.1.1).
  var expectsContinue: Bool { expect?.lowercased() == "100-continue" }

  /// Whether the connection ends with this request (RFC 9112, 9.6).
  var closesConnection: Bool {
    guard let connection else { return false }
    return connection.split(separator: ",").contains { option in
      option.drop { $0 == " " || $0 == "\t" }.prefix(5).lowercased() == "close"
    }
  }

  /// The webhook that is called, once everything in the head is as it has to be.
  func route(maximumBodyBytes: Int) throws(HTTPProblem) -> WebhookRoute {
    try RequestCheck.route(
      method: method,
      path: path,
      contentType: contentType,
      contentLength: try contentLength,
      maximumBodyBytes: maximumBodyBytes
    )
  }
}
