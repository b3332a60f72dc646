import KubernetesObjects

/// A `metav1.Status` that says no.
package struct KubernetesError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Of HTTP.
  package var code: Int
  /// `NotFound`, `Conflict`, …; empty where the server gave none.
  package var reason: String
  package var message: String
  /// When the server wants to be asked again.
  package var retryAfter: Duration?

  /// Characters of a message that are kept.
  private static let longestMessage = 1024
  /// Seconds that a server may ask us to wait.
  private static let longestWait = 300

  package init(code: Int, reason: String = "", message: String, retryAfter: Duration? = nil) {
    self.code = code
    self.reason = reason
    self.message = String(message.prefix(Self.longestMessage))
    self.retryAfter = retryAfter
  }

  /// Reads a `Status`, as an answer and as the object of an ERROR event.
  ///
  /// - Parameters:
  ///   - code: of the answer, for a Status without one.
  ///   - retryAfter: the header's.
  init(status: JSONView, code: Int, retryAfter: Duration? = nil) {
    let seconds = status["details"]?.integer(of: "retryAfterSeconds")
    self.init(
      code: status.integer(of: "code") ?? code,
      reason: status.string(of: "reason") ?? "",
      message: status.string(of: "message") ?? "no message",
      retryAfter: retryAfter ?? seconds.flatMap { Self.wait(seconds: $0) }
    )
  }

  /// Reads an answer that may hold a `Status`: proxies in between have words of their own.
  init(code: Int, body: [UInt8], retryAfter header: String?) {
    let retryAfter = header.flatMap { Int($0) }.flatMap { Self.wait(seconds: $0) }
    if let document = try? JSONDocument(parsing: body), document.root.has("kind", "Status") {
      self.init(status: document.root, code: code, retryAfter: retryAfter)
      return
    }
    let text = String(decoding: body.prefix(Self.longestMessage), as: UTF8.self).split(whereSeparator: \.isNewline)
    self.init(code: code, message: text.first.map { String($0) } ?? "no message", retryAfter: retryAfter)
  }

  static func wait(seconds: Int) -> Duration? { seconds < 0 ? nil : .seconds(min(seconds, longestWait)) }
}

extension KubernetesError {
  package var isNotFound: Bool { code == 404 }
  /// Someone else changed the object, or owns a field that is applied.
  package var isConflict: Bool { code == 409 && !isAlreadyExists }
  package var isAlreadyExists: Bool { code == 409 && reason == "AlreadyExists" }
  /// The resourceVersion or page is of a past that the server has forgotten.
  package var isExpired: Bool { code == 410 }
  package var isForbidden: Bool { code == 403 }
  package var isUnauthorized: Bool { code == 401 }
  package var isInvalid: Bool { code == 422 }
  package var isThrottled: Bool { code == 429 }

  package var description: String {
    let said = "the API server said \(code)\(reason.isEmpty ? "" : " \(reason)"): \(message)"
    return cure.map { "\(said); \($0)" } ?? said
  }

  private var cure: String? {
    switch code {
    case 401: "its token or certificate is not taken: renew the credentials, and check the server's clock"
    case 403: "grant it by a Role or ClusterRole to whom the message names"
    case 404: nil
    case 409: isAlreadyExists ? nil : "read the object again and repeat the change"
    case 410: "list again"
    case 422: "mend the fields that the message names"
    case 429: "it is overloaded; ask again\(retryAfter.map { " in \($0.components.seconds) s" } ?? " later")"
    case 500...: "ask again later, and look at the API server's log if it stays"
    default: nil
    }
  }
}
