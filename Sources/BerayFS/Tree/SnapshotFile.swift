import SystemPackage
import VFS

/// A file whose content is made when it is looked at, and read from a snapshot that its open takes.
final class SnapshotFile: Node {
  /// What the file holds at one moment.
  struct Content: Sendable {
    var bytes: [UInt8]
    var modified: Timestamp
    /// How long the kernel may go on with the size; a file that never changes gives ``forever``.
    var timeout: Duration

    init(_ text: String, modified: Timestamp, timeout: Duration) {
      self.bytes = Array(text.utf8)
      self.modified = modified
      self.timeout = timeout
    }
  }

  static let forever = Duration.seconds(3600)

  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let context: MountContext
  private let content: @Sendable () -> Outcome<Content>

  init(_ inode: InodeID, path: String, context: MountContext, content: @escaping @Sendable () -> Outcome<Content>) {
    self.inode = inode
    self.path = path
    self.context = context
    self.content = content
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    if let snapshot = file as? SnapshotHandle { return .ready(reply(snapshot.content, timeout: .zero)) }
    return content().map { self.reply($0, timeout: $0.timeout) }
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return content().map { content in
      // Content that can change is read past the page cache, because the kernel's size of it may be older than the
      // snapshot.
      let options: OpenReply.Options = content.timeout == Self.forever ? [.keepCache] : [.directIO]
      return OpenedFile(SnapshotHandle(content), options: options.union(.noFlush))
    }
  }

  private func reply(_ content: Content, timeout: Duration) -> AttributeReply {
    AttributeReply(
      context.attributes(
        inode, .regular, permissions: 0o400, size: Int64(content.bytes.count), modified: content.modified),
      timeout: timeout)
  }
}

/// An open ``SnapshotFile``.
final class SnapshotHandle: OpenFile {
  let content: SnapshotFile.Content

  init(_ content: SnapshotFile.Content) { self.content = content }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    .ready(content.bytes.slice(at: offset, count: count))
  }
}

extension [UInt8] {
  /// The bytes of a read: at most `count` from `offset`, none behind the end.
  func slice(at offset: Int64, count wanted: Int) -> ArraySlice<UInt8> {
    guard offset >= 0, offset < Int64(self.count) else { return [] }
    let start = Int(offset)
    return self[start..<Swift.min(start + wanted, self.count)]
  }
}
