/// What was asked of the cluster, or why there is no answer.
package enum Learned<Value: Sendable>: Sendable {
  case known(Value)
  /// The error in words, which say what to do.
  case unknown(String)

  package var value: Value? {
    if case .known(let value) = self { value } else { nil }
  }

  package func map<Other: Sendable>(_ transform: (Value) -> Other) -> Learned<Other> {
    switch self {
    case .known(let value): .known(transform(value))
    case .unknown(let problem): .unknown(problem)
    }
  }
}
