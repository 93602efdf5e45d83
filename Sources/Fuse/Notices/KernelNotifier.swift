import CFuse
import Glibc
import LinuxSystem
import Logging
import VFS

/// The ``Notifier`` of a mount.
///
/// It has three queues, each with its own thread. A notice about a name may wait for a mkdir in the same directory, and
/// one about pages may wait for a read. Neither must delay the wake-up of a reader.
final class KernelNotifier: Notifier {
  /// Notices that need locks of directories.
  let names = NoticeQueue()
  /// Notices that need locks of pages.
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

  /// Starts sending to `session`, which must outlive the returned threads.
  func start(for session: SessionPointer) throws(MountError) -> [SystemThread] {
    var threads: [SystemThread] = []
    for (queue, name) in [(names, "fuse-names"), (inodes, "fuse-inodes"), (wakeUps, "fuse-wake")] {
      let thread = try SystemThread.start(named: name) { [pollHandles, logger] in
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

  /// Ends the threads and drops unsent notices.
  func stop() {
    names.close()
    inodes.close()
    wakeUps.close()
  }
}
