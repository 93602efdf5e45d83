import Beray
import Synchronization
import SystemPackage
import VFS

/// The unsent part of a ``WriteBuffer``, and how it goes up.
extension WriteBuffer {
  /// The content at one moment.
  struct Upload: Sendable {
    var body: UploadBody
    var changes: UInt64
    var emptied: UInt64
    /// All of it, where it is in memory.
    var bytes: [UInt8]?
    /// If it is not, and its digest is wanted.
    var sent: BodyDigest?
    /// Whether the server then has exactly these bytes: an append may stand behind bytes of others.
    var isAlone = true

    /// The digest, once it is sent; nil if none was wanted.
    var digest: ContentDigest? { bytes.map(ContentDigest.init) ?? sent?.value }
  }

  static func isUnsent(_ state: BufferState, includingEmpty: Bool) -> Bool {
    state.changes > state.uploaded || (includingEmpty && state.isFresh)
  }

  func isUnsent(includingEmpty: Bool) -> Bool { state.withLock { Self.isUnsent($0, includingEmpty: includingEmpty) } }
  /// Whether nobody wrote to it, nor cut or emptied it.
  var isUntouched: Bool { state.withLock { $0.changes == 0 && $0.emptied == 0 && !$0.isFresh } }
  var changes: UInt64 { state.withLock { $0.changes } }
  var failure: UploadFailure? { state.withLock { $0.failure } }
  var unanswered: [ContentDigest] { state.withLock { $0.unanswered } }
  var unsentSince: Timestamp { state.withLock { $0.unsentSince } }

  /// What to upload; nil if the server has everything. A file has one upload at a time.
  /// - Parameter isDigested: whether its digest is wanted, however large it is.
  func nextUpload(includingEmpty: Bool, isDigested: Bool) -> Upload? {
    state.withLock { state in
      guard Self.isUnsent(state, includingEmpty: includingEmpty) else { return nil }
      var upload = Self.snapshot(state)
      guard isDigested, upload.bytes == nil else { return upload }
      let digest = BodyDigest()
      upload.body = digest.finding(in: upload.body)
      upload.sent = digest
      return upload
    }
  }

  static func snapshot(_ state: BufferState) -> Upload {
    switch state.storage {
    case .memory(let bytes):
      Upload(body: .bytes(bytes), changes: state.changes, emptied: state.emptied, bytes: bytes)
    case .spilled(let spill, let size):
      Upload(body: .spilled(spill, 0..<size), changes: state.changes, emptied: state.emptied)
    }
  }

  /// How many contents are kept that the server may have.
  private static let unansweredLimit = 16

  /// An upload ended. Returns whether everything is sent.
  func ended(_ upload: Upload, failure: UploadFailure?) -> Bool {
    let unanswered = failure?.mayHaveArrived == true ? upload.digest : nil
    return state.withLock { state in
      state.failure = failure
      if failure == nil {
        state.unanswered = []
        state.uploaded = max(state.uploaded, upload.changes)
        if state.emptied == upload.emptied { state.isFresh = false }
        let isAllSent = !Self.isUnsent(state, includingEmpty: true)
        if isAllSent || state.appendedFrom != nil { state.appendedFrom = upload.body.length }
      }
      if let unanswered {
        let others = state.unanswered.filter { $0 != unanswered }
        state.unanswered = others.suffix(Self.unansweredLimit - 1) + [unanswered]
      }
      return !Self.isUnsent(state, includingEmpty: true)
    }
  }
}
