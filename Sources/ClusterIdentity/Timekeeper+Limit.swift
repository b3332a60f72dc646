import KubernetesAPI

extension Timekeeper {
  /// Runs `body`, and cancels it when it has taken so long; nil then, and when the task is cancelled.
  func bounded<Result: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async -> Result
  ) async -> Result? {
    await withTaskGroup(of: Result?.self) { group in
      group.addTask { await body() }
      group.addTask {
        try? await sleep(limit)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }
}
