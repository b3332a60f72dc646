package import Injection

/// What a request is about.
package enum WebhookRoute: Sendable, Hashable {
  /// Whether a Pod gets its sidecar, by the webhook of that selector.
  case injection(WebhookSelector)
  /// Whether an AmeshPluginConfig is one.
  case plugins
}

/// What can be told about a request before its body is read.
package enum RequestCheck {
  /// The path that an API server calls for each selector; `/inject` itself is the one without.
  private static let routes: [Substring: WebhookRoute] = Dictionary(
    uniqueKeysWithValues: WebhookSelector.allCases.map { selector in
      (selector.rawValue.isEmpty ? "/inject" : "/inject/\(selector.rawValue)"[...], .injection(selector))
    } + [("/validate/plugins", .plugins)]
  )

  /// The webhook that is called.
  ///
  /// - Parameters:
  ///   - path: The request target; a query, such as the API server's `?timeout=5s`, does not matter.
  ///   - contentLength: Nil when the body comes in chunks.
  package static func route(
    method: String,
    path: String,
    contentType: String?,
    contentLength: Int?,
    maximumBodyBytes: Int
  ) throws(HTTPProblem) -> WebhookRoute {
    let name = path.prefix { $0 != "?" && $0 != "#" }
    guard let route = routes[name] else {
      throw HTTPProblem(
        .notFound,
        error: "nothing is served at \(path.prefix(100))",
        hint: "admission reviews go to \(routes.keys.sorted().joined(separator: ", "))"
      )
    }
    guard method == "POST" else {
      throw HTTPProblem(
        .methodNotAllowed,
        error: "\(method.prefix(20)) is not allowed at \(name)",
        hint: "POST an AdmissionReview of admission.k8s.io/v1"
      )
    }
    guard let contentType, isJSON(contentType) else {
      throw HTTPProblem(
        .unsupportedMediaType,
        error: contentType.map { "content type \"\($0.prefix(80))\" is not application/json" }
          ?? "the content type is missing",
        hint: "send Content-Type: application/json"
      )
    }
    if let contentLength {
      guard contentLength <= maximumBodyBytes else { throw .tooLarge(limit: maximumBodyBytes) }
      guard contentLength > 0 else { throw .emptyBody }
    }
    return route
  }

  /// Media types are compared without parameters and without regard to case (RFC 9110, 8.3.1).
  private static func isJSON(_ contentType: String) -> Bool {
    let mediaType = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
    var trimmed = mediaType[...]
    while let last = trimmed.last, isBlank(last) { trimmed.removeLast() }
    while let first = trimmed.first, isBlank(first) { trimmed.removeFirst() }
    return trimmed.elementsEqual("application/json".utf8) { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) == $1 }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
