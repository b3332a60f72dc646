import NIOCore

/// What comes in on an HTTP/1.1 connection or HTTP/2 stream.
enum RequestPart {
  case head(RequestHead)
  case body(ByteBuffer)
  case end
}

/// What goes out.
enum ResponsePart: Sendable {
  /// 100, after which the client sends the body.
  case goOn
  case response(Response)
}

/// A whole response; its body is JSON.
struct Response: Sendable {
  var status: HTTPStatus
  var body: [UInt8]
  /// Whether the connection ends with it.
  var closes = false
  /// Whether it answers a HEAD request, which gets the fields of the content and not the content (RFC 9110, 9.3.2).
  var omitsContent = false

  enum HTTPStatus: Sendable {
    case ok
    case problem(HTTPProblem.Code)

    var code: Int {
      switch self {
      case .ok: 200
      case .problem(let code): code.rawValue
      }
    }
  }

  init(answer: [UInt8]) {
    status = .ok
    body = answer
  }

  /// - Parameter closes: whether the connection can't be used on, because the request's body is not read.
  init(_ problem: HTTPProblem, closes: Bool, omitsContent: Bool = false) {
    status = .problem(problem.code)
    body = problem.body
    self.closes = closes
    self.omitsContent = omitsContent
  }

  /// Names in lower case, as HTTP/2 wants them.
  var fields: [(name: String, value: String)] {
    var fields = [("content-type", "application/json"), ("content-length", String(body.count))]
    switch status {
    case .problem(.methodNotAllowed): fields.append(("allow", "POST"))
    case .problem(.serviceUnavailable): fields.append(("retry-after", "1"))
    case .ok, .problem: break
    }
    return fields
  }
}
