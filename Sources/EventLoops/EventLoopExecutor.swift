package import NIOCore

/// Runs tasks on an event loop's own thread, so that what a request needs between its socket and the code that makes or
/// handles it costs no switch of threads. Nothing that blocks or computes long may run there.
package final class EventLoopExecutor: TaskExecutor {
  package let loop: any EventLoop

  package init(_ loop: any EventLoop) { self.loop = loop }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
