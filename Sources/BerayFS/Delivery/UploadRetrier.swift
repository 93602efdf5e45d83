import Synchronization
import SystemPackage
import VFS

/// Tries failed uploads again: one loop for all files of a tree.
struct UploadRetrier: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  struct Retries {
    var schedule = RetrySchedule()
    /// What the loop waits for, and until when by ``TimeSource/uptime``; nil if it does not run.
    var wait: (pause: Task<Void, Never>, until: Duration)?
  }

  /// An upload of `file` failed: it is tried again when it is due.
  func retryLater(_ file: WorkFile) {
    guard file.uploader.isToBeRetried || file.attributeKeeper.hasUntoldAttributes else { return }
    let failure = file.buffer?.failure
    let (begins, early) = tree.retries.withLock { retries -> (Bool, Task<Void, Never>?) in
      retries.schedule.failed(
        file.inode, at: context.time.uptime(), asked: failure?.retryAfter, isLogin: failure?.isLogin ?? false)
      guard let wait = retries.wait else { return (begin(&retries), nil) }
      guard let next = retries.schedule.next(of: [file.inode]), next < wait.until else { return (false, nil) }
      return (false, wait.pause)
    }
    // The loop looks again what is first. Cancelling resumes who waits, so no lock is held.
    early?.cancel()
    if begins { Task { await retryLoop() } }
  }

  private var filesToRetry: [WorkFile] {
    shared.writtenFiles.filter {
      $0.tree === self.tree && ($0.uploader.isToBeRetried || $0.attributeKeeper.hasUntoldAttributes)
    }
  }

  /// Begins the next pause. Returns false if nothing is left to try, and the loop ends.
  private func begin(_ retries: inout Retries) -> Bool {
    let files = Set(filesToRetry.map(\.inode))
    retries.schedule.keep(files)
    guard let next = retries.schedule.next(of: files) else {
      retries.wait = nil
      return false
    }
    let time = context.time
    let pause = max(next - time.uptime(), .zero)
    retries.wait = (Task { try? await time.sleep(pause) }, next)
    return true
  }

  private func retryLoop() async {
    repeat {
      await tree.retries.withLock { $0.wait?.pause }?.value
      await retry()
    } while tree.retries.withLock { begin(&$0) }
  }

  /// One request tells whether the server is well and what it has. If it fails, nothing more is asked.
  private func retry() async {
    let due = dueFiles
    guard !due.isEmpty else { return }
    tree.markStale()
    for (index, file) in due.enumerated() {
      guard let parent = file.place.parent else { continue }
      do throws(Errno) {
        try await tree.whenFresh(parent, grace: .seconds(5)) { _ in Outcome<Void>.done }.get()
      } catch {
        // Where the directory is gone, so is the file.
        if error == .noSuchFileOrDirectory { continue }
        return postpone(due[index...])
      }
      if file.uploader.isToBeRetried {
        _ = try? await file.uploader.upload(.retry, includingEmpty: true)
      } else if file.attributeKeeper.hasUntoldAttributes {
        await file.attributeKeeper.retryAttributes()
      }
    }
    postpone(dueFiles[...])
  }

  private var dueFiles: [WorkFile] {
    let now = context.time.uptime()
    return tree.retries.withLock { retries in filesToRetry.filter { retries.schedule.isDue($0.inode, at: now) } }
  }

  /// What could not be tried, or failed before it was sent, waits like any other failure.
  private func postpone(_ files: ArraySlice<WorkFile>) {
    let now = context.time.uptime()
    tree.retries.withLock { retries in
      for file in files {
        let isLogin = file.buffer?.failure?.isLogin ?? false
        retries.schedule.failed(file.inode, at: now, isLogin: isLogin)
      }
    }
  }
}
