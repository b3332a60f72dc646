/// A request to the sidecar itself, without its body.
package struct StatusRequest: Sendable, Hashable {
  package var method: String
  /// Without the query.
  package var path: String
  /// Whether it came from the Pod's own network namespace.
  package var isLocal: Bool

  package init(method: String, path: String, isLocal: Bool) {
    self.method = method
    self.path = path
    self.isLocal = isLocal
  }
}

package struct StatusAnswer: Sendable {
  package var status: Int
  package var contentType: String
  package var body: [UInt8]
  /// What is done when the answer is on its way.
  package var sequel: (@Sendable () -> Void)?

  package init(status: Int, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  package static func text(_ status: Int, _ text: String) -> StatusAnswer {
    StatusAnswer(status: status, body: Array((text + "\n").utf8))
  }

  package static func json(_ body: [UInt8]) -> StatusAnswer {
    StatusAnswer(status: 200, contentType: "application/json", body: body)
  }

  package static let notFound = text(404, "there is nothing here")
}
