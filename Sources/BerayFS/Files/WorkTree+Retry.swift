import Synchronization
import SystemPackage
import VFS

/// What could not be sent is tried again, later and later, by one loop for all files of a tree.
extension WorkTree {
  /// The longest pause between two tries.
  private static let longestPause = Duration.seconds(60)
  /// The same while the server refuses the token: a login ends that, and whoever did it does not want to wait.
  private static let longestPauseForLogin = Duration.seconds(5)

  /// Begins to try again what failed, unless that is under way.
  func retryLater() {
    guard
      isRetrying.withLock({ isRetrying in
        guard !isRetrying, !filesToRetry.isEmpty else { return false }
        isRetrying = true
        return true
      })
    else { return }
    Task {
      var pause = Duration.seconds(1)
      while let files = nextRound() {
        let failures = files.compactMap { $0.state.withLock { $0.buffer }?.failure }
        if failures.contains(where: \.isLogin) { pause = min(pause, Self.longestPauseForLogin) }
        let asked = failures.compactMap(\.retryAfter).max().map { Duration.seconds($0) } ?? .zero
        do { try await context.time.sleep(max(pause, asked)) } catch { break }
        await retry()
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }

  private var filesToRetry: [WorkFile] {
    shared.writtenFiles.filter { $0.tree === self && ($0.isToBeRetried || $0.hasUntoldAttributes) }
  }

  /// What is to be tried again; nil: nothing, and the loop ends.
  private func nextRound() -> [WorkFile]? {
    isRetrying.withLock { isRetrying in
      let files = filesToRetry
      isRetrying = !files.isEmpty
      return isRetrying ? files : nil
    }
  }

  /// One question tells whether the server is well and what it has by now. Where it is not, nothing more is asked.
  private func retry() async {
    markStale()
    for file in filesToRetry {
      guard !Task.isCancelled, let parent = file.place.parent else { continue }
      do throws(Errno) {
        try await whenFresh(parent, grace: .seconds(5)) { _ in Outcome<Void>.done }.get()
      } catch {
        // Where the directory is gone, so is the file.
        if error == .noSuchFileOrDirectory { continue } else { return }
      }
      if file.isToBeRetried {
        _ = try? await file.upload(.retry, includingEmpty: true)
      } else {
        await file.retryAttributes()
      }
    }
  }
}
