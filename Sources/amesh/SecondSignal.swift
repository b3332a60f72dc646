import Glibc
import ServiceLifecycle
import UnixSignals

/// Ends the process at once when it is told twice to end: someone does not want to wait.
struct SecondSignal: Service {
  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        var count = 0
        for await signal in signals {
          count += 1
          // As a shell reports a process that a signal has ended.
          if count == 2 { _exit(128 + signal.rawValue) }
        }
      }
      try? await gracefulShutdown()
      group.cancelAll()
    }
  }
}
