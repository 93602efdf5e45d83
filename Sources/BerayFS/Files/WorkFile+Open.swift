import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// Opens: what is brought up to date first, and what the kernel may keep.
extension WorkFile {
  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    let now = known {
      (isHere: $0.ignoresServer, parent: $0.place.parent, isOutOfDate: $0.existence.isOutOfDate)
    }
    if now.isOutOfDate { return .failed(.staleNFSFileHandle) }
    // A truncating open makes the content: what the server has does not matter.
    if now.isHere || flags.isSuperset(of: [.write, .truncate]) { return opened(flags, caller) }
    guard let parent = now.parent else { return .failed(.staleNFSFileHandle) }
    // The name is gone. ESTALE makes the kernel look it up again.
    switch upToDate(for: flags, in: parent) {
    case .ready: return opened(flags, caller)
    case .failed(let errno): return .failed(errno == .noSuchFileOrDirectory ? .staleNFSFileHandle : errno)
    case .pending(let work):
      return .pending { [self] () async throws(Errno) in
        do throws(Errno) {
          try await tree.context.within("open", path, unless: { self.isKnown(in: parent) }, work)
        } catch {
          throw error == .noSuchFileOrDirectory ? .staleNFSFileHandle : error
        }
        return try await opened(flags, caller).get()
      }
    }
  }

  /// Brings what is known of the file up to date for an open.
  private func upToDate(for flags: OpenFlags, in parent: WorkDirectory) -> Outcome<Void> {
    tree.whenFresh(parent) { [self] _ in
      guard known({ !$0.existence.isGone }) else { return .failed(.staleNFSFileHandle) }
      guard fetcher.needsRevalidation() || fetcher.isToBeRead(flags) || isFormerTold else { return .done }
      return .pending { [self] () async throws(Errno) in
        if fetcher.needsRevalidation() { try await fetcher.revalidate() }
        if fetcher.isToBeRead(flags) { try await fetcher.readAtOpen() }
        // An open sees the present content and its size.
        if isFormerTold { try await tree.context.untilTheKernelForgot(inode) }
      }
    }
  }

  /// Whether the kernel is still told the former attributes.
  private var isFormerTold: Bool {
    known { state in state.former.map { !$0.isOver(at: tree.context.time.uptime()) } ?? false }
  }

  /// Whether only the content is still to come, for which whoever reads it can wait.
  private func isKnown(in parent: WorkDirectory) -> Bool {
    guard !known({ $0.existence.isGone }), !fetcher.needsRevalidation() else { return false }
    if case .ready = tree.whenFresh(parent, { _ in Outcome<Void>.done }) { return true } else { return false }
  }

  /// Whether some handle is in the middle of a former content.
  var hasFormerReaders: Bool { known { $0.opens.hasFormerReaders } }

  /// Has the kernel drop the pages that a handle filled: readers of another version must not find them.
  func hidePages() {
    // Sent once a read that is under way is answered: until then the kernel holds the lock of these pages.
    change { sendNotice(pages: true, &$0) }
  }

  /// A handle, without a look at the server.
  func opened(_ flags: OpenFlags, _ caller: Caller) -> Outcome<OpenedFile> {
    let isWriter = flags.contains(.write)
    let opener: WorkHandle.Opener? =
      isWriter ? .init(thread: caller.process, process: tree.shared.threadGroup(caller.process)) : nil
    var options: OpenReply.Options = flags.contains(.write) ? [] : [.noFlush]
    let isRunning = tree.isRunning
    let pass = change { state in
      if state.opens.opened(flags), isRunning { tree.watch.opened(self) }
      if isWriter { state.existence.opened(by: opener?.process) }
      if flags.isSuperset(of: [.write, .truncate]) { writer.truncateAtOpen(&state) }
      // Pages of this content are not for those who read a former one.
      if state.opens.hasFormerReaders, !isWriter { options.insert(.directIO) }
      let hasPages = state.opens.hasPages(of: state.generation)
      if hasPages { options.insert(.keepCache) }
      state.opens.takesPages(of: state.generation)
      return ReadPass(FileReader.Version(state), hasPages: hasPages)
    }
    let handle = WorkHandle(
      self, flags: flags, opener: opener, pass: pass, fillsPages: !options.contains(.directIO))
    if !flags.contains(.write) { tree.prefetcher.readBegins(self) }
    return .ready(OpenedFile(handle, options: options))
  }
}
