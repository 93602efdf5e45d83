import CFuse
import Glibc
import Logging
import VFS

/// The ``Notifier`` of a mount.
///
/// Three queues, each with its thread: a notice about a name may wait as long as a mkdir beside it, one about pages as
/// long as a read, and neither may keep back the wake-up of a reader.
final class KernelNotifier: Notifier {
  /// What waits for locks of directories.
  let names = NoticeQueue()
  /// What waits for locks of pages.
  let inodes = NoticeQueue()
  private let wakeUps = NoticeQueue()
  private let pollHandles: PollHandles
  private let logger: Logger

  init(pollHandles: PollHandles, logger: Logger) {
    self.pollHandles = pollHandles
    self.logger = logger
  }

  func invalidate(_ inode: InodeID, pages: Bool) { inodes.add(pages ? .pages(inode) : .attributes(inode)) }

  func expire(_ name: Name, in directory: InodeID) { names.add(.name(name, directory: directory)) }

  func whenInvalidated(_ inode: InodeID?, _ body: @escaping @Sendable () -> Void) {
    inodes.whenSent(about: inode, body)
  }

  func whenExpired(_ body: @escaping @Sendable () -> Void) { names.whenSent(body) }

  func wake(_ handle: HandleID) { wakeUps.add(.wake(handle)) }

  /// Starts to send to `session`, which must outlive the threads that are returned.
  func start(for session: SessionPointer) throws(MountError) -> [ServiceThread] {
    var threads: [ServiceThread] = []
    for (queue, name) in [(names, "fuse-names"), (inodes, "fuse-inodes"), (wakeUps, "fuse-wake")] {
      let thread = try ServiceThread(named: name) { [pollHandles, logger] in
        queue.run { notice in
          let result = notice.send(to: session, pollHandles: pollHandles)
          if result != 0, result != -ENOENT, result != -ENODEV, result != -ENOTCONN {
            logger.warning(
              "the kernel refused a notice", metadata: ["notice": "\(notice)", "errno": "\(-result)"])
          }
        }
      }
      threads.append(thread)
    }
    return threads
  }

  /// Ends the threads. What was not sent is dropped.
  func stop() {
    names.close()
    inodes.close()
    wakeUps.close()
  }
}
