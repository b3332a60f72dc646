/// Why a request to the API server came to nothing; the description says what to do.
package enum APIError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The server said no.
  case refused(KubernetesError)
  /// No answer, or only a piece of one.
  case transport(TransportError)
  /// An answer that no API server gives.
  case invalidAnswer(String)
  /// What was asked for can't be asked.
  case request(String)

  package var description: String {
    switch self {
    case .refused(let error): error.description
    case .transport(let error): error.description
    case .invalidAnswer(let problem): "the API server's answer can't be read: \(problem)"
    case .request(let problem): problem
    }
  }
}

extension APIError {
  /// What the server said, where it said something.
  package var status: KubernetesError? {
    if case .refused(let error) = self { error } else { nil }
  }

  package var isNotFound: Bool { status?.isNotFound ?? false }
  package var isConflict: Bool { status?.isConflict ?? false }
  package var isAlreadyExists: Bool { status?.isAlreadyExists ?? false }
  package var isExpired: Bool { status?.isExpired ?? false }
  package var isForbidden: Bool { status?.isForbidden ?? false }
  package var isUnauthorized: Bool { status?.isUnauthorized ?? false }
  package var isInvalid: Bool { status?.isInvalid ?? false }
  package var isThrottled: Bool { status?.isThrottled ?? false }
  package var retryAfter: Duration? { status?.retryAfter }

  package var isCancelled: Bool {
    if case .transport(let error) = self { error.kind == .cancelled } else { false }
  }

  /// Whether the API server is away or overloaded, and not of another opinion than we.
  package var isOutage: Bool {
    switch self {
    case .transport(let error): error.kind != .cancelled
    case .refused(let error): error.isThrottled || error.code >= 500
    case .invalidAnswer: true
    case .request: false
    }
  }
}

/// A failure on the way.
package struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, Hashable {
    /// No connection came about: nothing was asked.
    case unreachable
    /// The other side is not who we take for the API server.
    case untrusted
    /// No answer, or no next piece of it, in time.
    case timedOut
    /// The connection ended before the answer did.
    case cut
    /// An answer that is larger than we read.
    case tooLarge
    /// There is nothing to show to the server: a token can't be read, a plugin failed.
    case credentials
    /// The caller has no more interest.
    case cancelled
  }

  package var kind: Kind
  package var message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String {
    switch kind {
    case .unreachable: "the API server can't be reached: \(message); check its address and the network"
    case .untrusted: "the API server's certificate is not trusted: \(message); check the cluster's CA and server name"
    case .timedOut: "the API server did not answer in time: \(message)"
    case .cut: "the connection to the API server ended within an answer: \(message)"
    case .tooLarge: "the API server's answer is too large: \(message)"
    case .credentials: "there are no credentials for the API server: \(message)"
    case .cancelled: "the request to the API server was cancelled"
    }
  }
}
