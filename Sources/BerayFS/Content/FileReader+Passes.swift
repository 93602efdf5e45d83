import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// How a handle stays with one version of the file.
extension FileReader {
  /// A content at one moment.
  struct Version: Sendable {
    var epoch: UInt32
    var generation: UInt32
    var size: Int64?
    /// Its entity tag; nil if the server tells none, or it is what programs wrote here.
    var tag: String?

    init(_ state: borrowing FileState) {
      epoch = state.epoch
      generation = state.generation
      size = state.buffer?.size ?? state.size
      tag = state.buffer == nil ? state.server.listed.etag : nil
    }
  }

  /// The current version, if `pass` may read it at `offset`; nil if the server has to be asked first.
  func admitted(_ pass: borrowing Mutex<ReadPass>, at offset: Int64, _ state: inout FileState) -> Version? {
    let version = Version(state)
    let admission = pass.withLock { pass in
      let admission = pass.admission(to: offset, epoch: state.epoch)
      switch admission {
      case .goesOn: pass.follow(version)
      case .beginsAnew:
        pass = ReadPass(version, hasPages: false)
      case .hasToFollow: break
      }
      return admission
    }
    if admission == .beginsAnew { state.opens.followed() }
    return admission == .hasToFollow ? nil : version
  }

  /// As ``admitted(_:at:_:)``, but asks the server where needed.
  /// - Throws: ESTALE if the version that the handle reads is gone.
  func admit(
    _ pass: borrowing Mutex<ReadPass>, at offset: Int64, _ ahead: borrowing Mutex<ReadAhead>
  ) async throws(Errno) -> Version {
    while true {
      if let version = file.change({ admitted(pass, at: offset, &$0) }) { return version }
      let old = pass.withLock { $0 }
      let now = file.known { Version($0) }
      guard try await continues(old, as: now, from: offset, ahead) else {
        pass.withLock { if $0.epoch == old.epoch { $0.refused() } }
        // The kernel would answer a read from the start from its pages.
        file.hidePages()
        throw refuseOtherVersion()
      }
      file.change { state in
        guard state.epoch == now.epoch else { return }
        let isFirst = pass.withLock { pass in
          guard pass.epoch == old.epoch else { return false }
          pass.follow(now)
          return true
        }
        if isFirst { state.opens.followed() }
      }
    }
  }

  func refuseOtherVersion() -> Errno {
    tree.context.refuse(
      "read", file.path, .staleNFSFileHandle,
      "the file was changed on the server while it was read; what was read so far belongs to the old version",
      advice: "read it again from the start")
  }

  /// Whether the current content begins with the one that `old` read.
  private func continues(
    _ old: ReadPass, as now: Version, from offset: Int64, _ ahead: borrowing Mutex<ReadAhead>
  ) async throws(Errno) -> Bool {
    guard let oldSize = old.size, let size = now.size else { return false }
    if size <= ContentCache.wholeLimit, let known = tree.shared.cache[wholeKey(old.generation)] {
      let read = old.hasPages ? known.count : min(Int(old.end), known.count)
      return try await content(at: 0, count: read, ahead).bytes.elementsEqual(known.prefix(read))
    }
    // A tag that was weak and is strong now names the same content, unless that changed twice within a tick of the
    // server's clock: the first and the last bytes that were read decide.
    var hasSameTag = false
    if size == oldSize, let oldTag = old.tag.map({ EntityTag($0) }), let tag = now.tag.map({ EntityTag($0) }) {
      hasSameTag = oldTag.isWeak && !tag.isWeak && oldTag.weaklyMatches(tag)
    }
    guard size > oldSize || hasSameTag, oldSize > 0 else { return false }
    var samples = old.samples
    if samples.isEmpty {
      let block = (oldSize - 1) / Int64(ContentCache.blockSize)
      let key = ContentCache.Key(inode: file.inode, generation: old.generation, block: block)
      guard let bytes = tree.shared.cache[key] else {
        // Who has read to the end sees what was added.
        return offset >= oldSize - oldSize % 4096
      }
      samples = [.init(offset: block * Int64(ContentCache.blockSize), bytes: bytes)]
    }
    for sample in samples {
      let found = try await content(at: sample.offset, count: sample.bytes.count, ahead)
      guard found.bytes.elementsEqual(sample.bytes) else { return false }
    }
    return true
  }

  /// Whether `handle` is in the middle of a version that was longer than the present one. True once for each version.
  func isCut(_ handle: WorkHandle, size: Int64) -> Bool {
    file.known { state in
      handle.pass.withLock { pass in
        let isCut = pass.epoch != state.epoch && pass.isUnderWay && size < pass.size ?? 0
        if isCut { pass.refused() }
        return isCut
      }
    }
  }
}
