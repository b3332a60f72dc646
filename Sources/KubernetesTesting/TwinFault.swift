package import KubernetesAPI

/// What goes wrong with a request, before it is looked at or, worse, after it was done.
package struct TwinFault: Sendable {
  package enum Moment: Sendable { case before, after }

  package var error: APIError
  package var moment: Moment
  /// How many requests it hits.
  package var count: Int
  let matches: @Sendable (TwinRequest) -> Bool

  package init(
    _ error: APIError,
    _ moment: Moment = .before,
    count: Int = 1,
    where matches: @escaping @Sendable (TwinRequest) -> Bool = { _ in true }
  ) {
    self.error = error
    self.moment = moment
    self.count = count
    self.matches = matches
  }
}

/// A request that was made to the twin.
package struct TwinRequest: Sendable, Hashable {
  /// As RBAC has it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`; `read` for a path.
  package var verb: String
  package var resource: KubernetesResource?
  package var namespace: String?
  package var name: String?
  /// Of a watch's begin, or where a list goes on.
  package var position: String?
}

extension APIError {
  /// The API server is gone.
  package static let unreachable = APIError.transport(TransportError(.unreachable, "connection refused"))
  /// The connection has broken in the middle of something.
  package static let cut = APIError.transport(TransportError(.cut, "connection reset by peer"))

  package static func throttled(retryAfter: Duration?) -> APIError {
    .twin(429, "TooManyRequests", "Too many requests, please try again later.", retryAfter: retryAfter)
  }
}
