package import NIOCore

/// Runs tasks on the thread of an event loop. This saves thread switches between a socket and the code that uses it.
/// Never block or compute for long on it.
package final class EventLoopExecutor: TaskExecutor {
  package let loop: any EventLoop

  package init(_ loop: any EventLoop) { self.loop = loop }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
