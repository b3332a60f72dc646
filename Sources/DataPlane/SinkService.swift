package import APISIXSink
package import Logging
import Synchronization

/// Writes to the dictionaries when there is something to write.
package final class SinkService<Dictionary: SharedDictionary & Sendable>: Sendable {
  private let sink: Mutex<DictionarySink>
  private let dictionary: Dictionary
  private let surroundings: Surroundings
  private let logger: Logger
  private let onSettled: @Sendable () -> Void
  private let bell = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  /// - Parameter onSettled: called when workers see all that is wanted, after each change at least; it returns at once.
  package init(
    configuration: SinkConfiguration,
    dictionary: Dictionary,
    surroundings: Surroundings,
    onSettled: @escaping @Sendable () -> Void = {},
    logger: Logger
  ) {
    self.onSettled = onSettled
    sink = Mutex(DictionarySink(configuration: configuration))
    self.dictionary = dictionary
    self.surroundings = surroundings
    self.logger = logger
  }

  package func apply(_ delta: DictionaryDelta) {
    guard !delta.isEmpty else { return }
    sink.withLock { $0.apply(delta) }
    bell.continuation.yield()
  }

  package func complete() {
    sink.withLock { $0.complete() }
    bell.continuation.yield()
  }

  package var status: SinkStatus {
    let now = surroundings.now()
    return sink.withLock {
      SinkStatus(
        version: $0.currentVersion,
        objects: $0.objectCount,
        hasConfiguration: $0.isServed(now: now),
        isSettled: $0.isSettled,
        changes: $0.changes,
        failedWrites: $0.failedWrites,
        lastError: $0.lastError
      )
    }
  }

  package func objects(under prefix: String) -> [(key: String, value: [UInt8])] {
    sink.withLock { $0.objects(under: prefix) }
  }

  /// Until the task is cancelled.
  package func run() async {
    bell.continuation.yield()
    for await _ in bell.stream {
      while !Task.isCancelled {
        let now = surroundings.now()
        switch sink.withLock({ $0.next(now: now) }) {
        case .write: write(now)
        case .wait(let end):
          try? await surroundings.sleep(end - now)
          continue
        case .idle: break
        }
        if sink.withLock({ $0.next(now: surroundings.now()) }) == .idle { break }
      }
      if sink.withLock({ $0.isSettled }) { onSettled() }
    }
  }

  private func write(_ now: Duration) {
    switch sink.withLock({ $0.write(to: dictionary, now: now) }) {
    case .nothing: break
    case .changed(let version, let objects):
      logger.info("configuration written", metadata: ["version": "\(version)", "changed": "\(objects)"])
    case .failed(let error, let wait):
      logger.error("configuration not written", metadata: ["reason": "\(error)", "retryIn": "\(wait)"])
    }
  }
}

package struct SinkStatus: Sendable, Hashable {
  /// That APISIX's workers see; nil before there is one.
  package var version: UInt64?
  package var objects: Int
  /// Whether they have read a complete one, of this process or an earlier one.
  package var hasConfiguration: Bool
  /// Whether they see all that is wanted.
  package var isSettled: Bool
  package var changes: Int
  package var failedWrites: Int
  /// Of the last write, where it failed.
  package var lastError: String?
}
