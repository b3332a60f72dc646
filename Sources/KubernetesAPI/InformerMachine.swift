/// What an informer does next, whatever happens: list, then watch from there, and list again only where the watch can't
/// go on. A value: no clock, no chance, no socket.
struct InformerMachine<Value: Sendable & Equatable>: Sendable {
  typealias Object = ObservedObject<Value>

  /// What there is to do.
  enum Step: Sendable, Equatable {
    /// The page after the one that ended there; nil for the first.
    case list(continuation: String?)
    case watch(from: String)
  }

  /// What happened.
  enum Input: Sendable {
    case page([Object], resourceVersion: String, continuation: String?)
    case opened
    case set(Object)
    case removed(Object)
    case bookmark(resourceVersion: String)
    /// The server has ended the watch in peace.
    case ended(after: Duration)
    case failed(APIError)
  }

  /// What that means for the store.
  enum Effect: Sendable, Equatable {
    case none
    case replace([Object])
    case set(Object)
    case remove(ObjectKey)
  }

  /// A watch that was shorter than this and told nothing counts as a failure.
  private static var shortestWatch: Duration { .seconds(5) }

  private let backoff: Backoff
  private(set) var step = Step.list(continuation: nil)
  /// How long to wait before the step.
  private(set) var wait = Duration.zero
  /// In a row, since something was heard last.
  private(set) var failures = 0
  private var collected: [Object] = []
  private var hasHeard = false

  init(backoff: Backoff = Backoff()) { self.backoff = backoff }

  /// - Parameter draw: by chance, 0 to 1; spreads what many do at once.
  mutating func receive(_ input: Input, draw: Double) -> Effect {
    switch input {
    case .page(let objects, let version, let continuation): return take(objects, version, continuation)
    case .opened:
      hasHeard = false
      return .none
    case .set(let object):
      goOn(from: object.resourceVersion)
      return .set(object)
    case .removed(let object):
      goOn(from: object.resourceVersion)
      return .remove(object.key)
    case .bookmark(let version):
      goOn(from: version)
      return .none
    case .ended(let duration):
      if hasHeard || duration >= Self.shortestWatch {
        failures = 0
        wait = .zero
      } else {
        fail(draw: draw, retryAfter: nil)
      }
      return .none
    case .failed(let error):
      // Whoever says that a version is too old is there again, however long it was away: the list need not wait for that.
      if error.isExpired, case .watch = step { failures = 0 }
      fail(draw: draw, retryAfter: error.retryAfter)
      if !canGoOn(after: error) {
        collected = []
        step = .list(continuation: nil)
      }
      return .none
    }
  }

  private mutating func take(_ objects: [Object], _ version: String, _ continuation: String?) -> Effect {
    failures = 0
    wait = .zero
    collected += objects
    if let continuation {
      step = .list(continuation: continuation)
      return .none
    }
    let all = collected
    collected = []
    step = .watch(from: version)
    return .replace(all)
  }

  private mutating func goOn(from version: String) {
    failures = 0
    wait = .zero
    hasHeard = true
    if !version.isEmpty { step = .watch(from: version) }
  }

  private mutating func fail(draw: Double, retryAfter: Duration?) {
    failures += 1
    wait = backoff.wait(failures: failures, draw: draw, retryAfter: retryAfter)
  }

  /// Whether the same step may succeed later: the way there was closed, or the server had no time.
  private func canGoOn(after error: APIError) -> Bool {
    switch error {
    case .transport(let problem): problem.kind != .tooLarge
    case .refused(let status): status.isThrottled || status.code >= 500 || status.isUnauthorized
    // What can't be read once can't be read twice.
    case .invalidAnswer, .request: false
    }
  }
}
