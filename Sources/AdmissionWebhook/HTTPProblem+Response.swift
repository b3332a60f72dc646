import HTTPTypes
import NIOCore

extension HTTPProblem {
  /// Head and body of the HTTP response.
  func response() -> (head: HTTPResponse, body: ByteBuffer) {
    let body = body
    var head = HTTPResponse(status: HTTPResponse.Status(code: code.rawValue))
    head.headerFields[.contentType] = "application/json"
    head.headerFields[.contentLength] = String(body.count)
    switch code {
    case .methodNotAllowed: head.headerFields[.allow] = "POST"
    case .serviceUnavailable: head.headerFields[.retryAfter] = "1"
    case .badRequest, .notFound, .requestTimeout, .contentTooLarge, .unsupportedMediaType: break
    }
    return (head, ByteBuffer(bytes: body))
  }
}

extension HTTPFields {
  /// Whether the Connection header says that the connection ends with this message (RFC 9112, 9.6).
  var closesConnection: Bool {
    guard let value = self[.connection] else { return false }
    return value.split(separator: ",").contains { option in
      option.drop { $0 == " " || $0 == "\t" }.prefix(5).lowercased() == "close"
    }
  }
}
