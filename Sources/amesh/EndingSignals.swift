import Glibc
import ServiceLifecycle
import UnixSignals

/// Hears the signals that end the process from its first moment on, so that one that comes while it starts is not lost (nor
/// ignored, as the kernel does with a container's first process): the first ends it in good order, the second at once.
struct EndingSignals: Service {
  private let signals: UnixSignalsSequence
  /// Begins a graceful shutdown.
  let end: @Sendable () async -> Void

  init(_ signals: UnixSignalsSequence, end: @escaping @Sendable () async -> Void) {
    self.signals = signals
    self.end = end
  }

  func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        var count = 0
        for await signal in signals {
          count += 1
          if count == 1 { await end() }
          // As a shell reports a process that a signal has ended.
          if count == 2 { _exit(128 + signal.rawValue) }
        }
      }
      try? await gracefulShutdown()
      group.cancelAll()
    }
  }
}
