import NIOCore
import NIOPosix

/// Runs a task on the event loop that wakes it, so that a call is worked on where its connection is read and written: to
/// wake another thread and wait for it costs as much as all that the transport does for a call.
final class LoopExecutor: TaskExecutor {
  private let group: MultiThreadedEventLoopGroup

  init(group: MultiThreadedEventLoopGroup) { self.group = group }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? group.next()
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
