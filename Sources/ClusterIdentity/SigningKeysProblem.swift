import CallerAuthentication
import KubernetesAPI

/// Why the keys of the cluster's tokens were not read; the earlier ones, if any, stay.
enum SigningKeysProblem: Error, Equatable, CustomStringConvertible {
  case keysUnreadable(APIError)
  case keysUnusable(TokenSigningKeysError)
  case tooSlow(Duration)
  case cancelled

  var description: String {
    switch self {
    case .keysUnreadable(let error): "the keys of the cluster's tokens can't be read: \(error)"
    case .keysUnusable(let error): "the keys of the cluster's tokens are of no use: \(error)"
    case .tooSlow(let limit): "the keys of the cluster's tokens did not come within \(limit)"
    case .cancelled: "the task is over"
    }
  }
}
