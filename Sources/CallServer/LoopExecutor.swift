import NIOCore

/// Runs a task on one event loop, so that a call is worked on where its connection is read and written: to wake another
/// thread and wait for it costs as much as all that HTTP/2 does for a call.
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
