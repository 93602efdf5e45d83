internal import NIOCore

/// Runs tasks on an event loop's own thread, so that the steps of a call between socket and caller need no switch of
/// threads. Nothing that blocks or computes long may run there.
final class EventLoopExecutor: TaskExecutor {
  let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
