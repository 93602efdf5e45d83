import BerayClient
import SystemPackage
import VFS

/// `files.zip`: the work directory as a ZIP. Its open makes the whole archive, so that its size is true and unzip can seek.
final class ArchiveFile: Node {
  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let feed: TaskFeed
  private let context: MountContext

  init(_ inode: InodeID, path: String, feed: TaskFeed, context: MountContext) {
    self.inode = inode
    self.path = path
    self.feed = feed
    self.context = context
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let size = (file as? ArchiveHandle)?.size ?? 0
    let attributes = context.attributes(inode, .regular, permissions: 0o400, size: size, modified: feed.modified)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return .pending { [self] () async throws(Errno) in
      let handle = try await fetch()
      return OpenedFile(handle, options: [.directIO, .noFlush])
    }
  }

  private func fetch() async throws(Errno) -> ArchiveHandle {
    let spill = try SpillFile(directory: context.options.spillDirectory)
    do {
      let content = try await context.service.archive(of: feed.id, paths: [])
      var iterator = content.body.makeAsyncIterator()
      var offset: Int64 = 0
      while let piece = try await iterator.next() {
        try spill.write(piece[...], at: offset)
        offset += Int64(piece.count)
      }
      return ArchiveHandle(spill: spill, size: offset)
    } catch let error as BerayError {
      throw context.fail("open", path, error)
    } catch let errno as Errno {
      throw errno
    } catch {
      throw .ioError
    }
  }
}

/// An open ``ArchiveFile``.
final class ArchiveHandle: OpenFile {
  let size: Int64
  private let spill: SpillFile

  init(spill: SpillFile, size: Int64) {
    self.spill = spill
    self.size = size
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    do {
      guard offset < size else { return .ready([]) }
      return .ready(try spill.read(at: offset, count: Int(min(Int64(count), size - offset))))
    } catch {
      return .failed(error)
    }
  }
}
