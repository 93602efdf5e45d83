import Beray
import BerayAPI
import VFS

/// What a server tells of a file's content, which may be little. Equal values are taken for the same content.
struct FileVersion: Hashable, Sendable {
  /// Bytes.
  var size: Int64?
  var modified: UTCTime?
  var etag: String?

  init(size: Int64? = nil, modified: UTCTime? = nil, etag: String? = nil) {
    self.size = size
    self.modified = modified
    self.etag = etag
  }

  init(_ entry: FileEntry) {
    self.init(size: entry.size, modified: entry.modified, etag: entry.etag)
  }

  /// Whether a listing alone shows that the content changed. A size alone cannot: other bytes may have the same size.
  var tellsContent: Bool { etag != nil || (size != nil && modified != nil) }

  /// Whether `other` is the same content. Entity tags decide if both have one.
  func isSameContent(as other: FileVersion) -> Bool {
    if let etag, let otherTag = other.etag { return etag == otherTag }
    return size == other.size && modified == other.modified
  }

  /// The same with the entity tag that its content came with.
  func tagged(as content: FileContent) -> FileVersion {
    FileVersion(size: size, modified: modified, etag: content.etag ?? etag)
  }
}
