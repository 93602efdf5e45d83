import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// Reads of a file: from memory or from the server, each handle within one version.
struct FileReader: Sendable {
  let file: WorkFile
  var tree: WorkTree { file.tree }

  var cache: ContentCache { tree.shared.cache }

  func wholeKey(_ generation: UInt32) -> ContentCache.Key { .init(inode: file.inode, generation: generation, block: 0) }

  // MARK: - Reading

  /// What memory can answer to a read.
  struct KnownRead {
    var bytes: Outcome<ArraySlice<UInt8>>
    /// Whether the kernel must drop the pages afterwards: another handle reads another version.
    var hidesPages: Bool
  }

  /// What memory can answer to a read of a handle; nil: nothing.
  /// - Parameter fillsPages: whether the kernel keeps what it reads as pages, and cuts it at the size that it knows.
  func known(
    _ pass: borrowing Mutex<ReadPass>, offset: Int64, count: Int, fillsPages: Bool
  ) -> KnownRead? {
    enum Source {
      case former(ArraySlice<UInt8>, hidesPages: Bool)
      case present(Version, WriteBuffer?, StreamReader?, hidesPages: Bool)
    }
    let source = file.change { state -> Source? in
      if fillsPages, let bytes = formerBytes(pass, offset: offset, count: count, state) {
        return .former(bytes, hidesPages: state.opens.hasSeveralReaders)
      }
      guard let version = admitted(pass, at: offset, &state) else { return nil }
      let hidesPages = fillsPages && state.opens.hasFormerReaders
      return .present(version, state.buffer, state.source.remote?.stream, hidesPages: hidesPages)
    }
    switch source {
    case .former(let bytes, let hidesPages): return KnownRead(bytes: .ready(bytes), hidesPages: hidesPages)
    case .present(_, let buffer?, _, let hidesPages):
      if let bytes = buffer.readFromMemory(offset: offset, count: count) {
        return KnownRead(bytes: .ready(bytes), hidesPages: hidesPages)
      }
      let reading = Outcome.pending { () async throws(Errno) in
        try await DiskExecutor.run { () throws(Errno) in try buffer.read(offset: offset, count: count) }
      }
      return KnownRead(bytes: reading, hidesPages: hidesPages)
    case .present(let version, nil, let stream, let hidesPages):
      return cached(version, stream, offset: offset, count: count).map {
        KnownRead(bytes: .ready($0), hidesPages: hidesPages)
      }
    case nil: return nil
    }
  }

  /// Bytes of the former content, if its size differs from the present one. Nil if memory has dropped them, or the handle
  /// already reads a later content.
  private func formerBytes(
    _ pass: borrowing Mutex<ReadPass>, offset: Int64, count: Int, _ state: borrowing FileState
  ) -> ArraySlice<UInt8>? {
    guard let content = state.former, content.isRead(at: tree.context.time.uptime()) else { return nil }
    let former = content.version
    guard former.size != state.size,
      let bytes = cached(former, nil, offset: offset, count: count)
    else { return nil }
    let epoch = state.epoch
    return pass.withLock { pass -> ArraySlice<UInt8>? in
      // A handle never goes back to an earlier content.
      guard pass.epoch <= former.epoch, pass.epoch != epoch else { return nil }
      switch pass.admission(to: offset, epoch: former.epoch) {
      case .goesOn: pass.follow(former)
      case .beginsAnew: pass = ReadPass(former, hasPages: false)
      case .hasToFollow: return nil
      }
      return bytes
    }
  }

  /// The bytes at `offset`, where they are in memory.
  private func cached(
    _ version: Version, _ stream: StreamReader?, offset: Int64, count: Int
  ) -> ArraySlice<UInt8>? {
    guard let size = version.size else { return nil }
    guard offset < size else { return [] }
    let end = offset + min(Int64(count), size - offset)
    if let stream { return stream.readyBytes(offset..<end) }
    let blockSize = Int64(ContentCache.blockSize(ofFile: size))
    var bytes: ArraySlice<UInt8> = []
    var position = offset
    while position < end {
      let index = position / blockSize
      let key = ContentCache.Key(inode: file.inode, generation: version.generation, block: index)
      guard let block = cache[key] else { return nil }
      let start = Int(position - index * blockSize)
      let stop = min(Int(end - index * blockSize), block.count)
      guard start < stop else { return nil }
      if bytes.isEmpty { bytes = block[start..<stop] } else { bytes += block[start..<stop] }
      position = index * blockSize + Int64(stop)
      guard position == end || stop == Int(blockSize) else { return nil }
    }
    return bytes
  }

  /// How often a file may change while a read waits for it.
  static let readRounds = 6

  /// The bytes at `offset` for a handle, of the version that it reads.
  func read(
    offset: Int64, count: Int, _ pass: borrowing Mutex<ReadPass>, _ ahead: borrowing Mutex<ReadAhead>
  ) async throws(Errno) -> ArraySlice<UInt8> {
    for _ in 0..<Self.readRounds {
      let version = try await admit(pass, at: offset, ahead)
      let found = try await content(at: offset, count: count, ahead)
      if found.epoch == version.epoch { return found.bytes }
    }
    throw refuseChanging()
  }

  /// The bytes at `offset` of the content that the file has, and the ``FileState/epoch`` of it.
  func content(
    at offset: Int64, count: Int, _ ahead: borrowing Mutex<ReadAhead>
  ) async throws(Errno) -> (bytes: ArraySlice<UInt8>, epoch: UInt32) {
    for _ in 0..<Self.readRounds {
      let known = file.known { state in
        (
          version: Version(state), buffer: state.buffer,
          stream: state.source.remote?.stream, isGone: state.existence.isGone
        )
      }
      if let buffer = known.buffer {
        let bytes = try await DiskExecutor.run { () throws(Errno) in try buffer.read(offset: offset, count: count) }
        return (bytes, known.version.epoch)
      }
      if let bytes = cached(known.version, known.stream, offset: offset, count: count) {
        return (bytes, known.version.epoch)
      }
      // Under a name that is gone the server may have another file by now.
      guard !tree.isRemoved, !known.isGone else { throw .staleNFSFileHandle }
      let path = tree.serverPath(of: file)
      do throws(Errno) {
        let bytes = try await fetched(known.version, known.stream, offset: offset, count: count, ahead)
        // The bytes are of the version that was asked for, and no other came in between.
        if let bytes, file.known({ $0.generation == known.version.generation }) {
          return (bytes, known.version.epoch)
        }
        try await file.untilNamesStay()
      } catch  where error == .noSuchFileOrDirectory {
        // The name is gone, but the handle is open.
        guard try await wasRenamed(from: path) else { throw .staleNFSFileHandle }
      } catch  where error != .interrupted || !Task.isCancelled {
        guard file.known({ $0.generation != known.version.generation }) else { throw error }
      }
    }
    throw refuseChanging()
  }

  func refuseChanging() -> Errno {
    tree.context.refuse(
      "read", file.path, .ioError, "the file changed on the server again and again while it was read",
      advice: "read it again once it is written")
  }

  /// The bytes of a version that is not in memory; nil if the caller has to look at the file again.
  private func fetched(
    _ version: Version, _ stream: StreamReader?, offset: Int64, count: Int, _ ahead: borrowing Mutex<ReadAhead>
  ) async throws(Errno) -> ArraySlice<UInt8>? {
    if let stream { return try await stream.read(offset: offset, count: count) }
    guard let size = version.size else {
      try await file.fetcher.learnSize()
      return nil
    }
    if size <= ContentCache.wholeLimit {
      guard let bytes = try await wholeContent() else { return nil }
      let start = min(Int(offset), bytes.count)
      return bytes[start..<min(start + count, bytes.count)]
    }
    let hasRanges = try await tree.shared.capabilitiesForReading().contains(.ranges)
    if hasRanges, !tree.shared.ignoresRanges,
      let bytes = try await rangeReader()?.read(offset: offset, count: count, ahead, of: file)
    {
      return bytes
    }
    if tree.shared.ignoresRanges || !hasRanges { try openStream() }
    return nil
  }

  /// Whether the server did not find the file at `path` because it has another path by now.
  func wasRenamed(from path: String) async throws(Errno) -> Bool {
    try await file.untilNamesStay()
    return !file.isGone && !tree.serverPath(of: file).utf8.elementsEqual(path.utf8)
  }

  /// This mount is about to take the name away. Programs that have the file open go on reading its content. If there is
  /// no room for it, or it does not come, they get ESTALE.
  func keepForReaders() async throws(Errno) {
    let isNeeded = file.known { $0.opens.isOpen && $0.buffer == nil && !$0.existence.isNew }
    guard isNeeded else { return }
    do throws(Errno) {
      _ = try await file.writer.bufferWithContent(hasTurn: true)
    } catch  where error == .interrupted {
      throw error
    } catch  where error == .noSuchFileOrDirectory {
      // It is gone on the server.
    } catch {
      tree.context.note(
        "unlink", file.path, error, "the content could not be kept for the programs that have the file open",
        advice: "they get ESTALE for what they have not read", repetition: .isSafe)
    }
  }

  /// A block of a large file was read from memory: the next blocks are fetched early.
  func readAhead(_ ahead: borrowing Mutex<ReadAhead>, offset: Int64) {
    guard let ranges = file.known({ $0.source.remote?.ranges }) else { return }
    ranges.advance(to: offset, ahead, of: file)
  }

  private func rangeReader() -> RangeReader? {
    file.change { state in
      if let ranges = state.source.remote?.ranges { return ranges }
      guard let size = state.size else { return nil }
      let made = RangeReader(size: size, generation: state.generation, listed: state.server.listed)
      return state.changeRemote { $0.begins(ranges: made) } == true ? made : nil
    }
  }

  // MARK: - Small files

  /// A small file's whole content, by one request for all who ask. The request ends when the last of them gives up. Nil
  /// if the content is too large for this, or changed meanwhile.
  func wholeContent(allowsBatch: Bool = true) async throws(Errno) -> [UInt8]? {
    if allowsBatch, file.known({ $0.source.remote?.whole == nil }),
      let batch = tree.prefetcher.batch(onMissOf: file)
    {
      let bytes = try? await batch.value()[file.inode]
      if let bytes { return bytes }
      if Task.isCancelled { throw .interrupted }
      // The batch failed for this file. It is asked for alone, and so tells its own error.
      return try await wholeContent(allowsBatch: false)
    }
    let job = SharedJob()
    let flight = Flight<[InodeID: [UInt8]], Errno>(cancellation: .interrupted) { job.end() }
    let (now, isOurs, generation) = file.change { state in
      let isOurs = state.changeRemote { $0.begins(whole: flight) } ?? false
      return (state.source.remote, isOurs, state.generation)
    }
    if let stream = now?.stream { try await stream.whole() }
    // What programs wrote is what the file is.
    guard let flight = now?.whole else { return nil }
    if isOurs { job.run { [self] in await fetchWhole(flight, generation) } }
    do throws(Errno) {
      return try await flight.value()[file.inode]
    } catch  where error == .interrupted && !Task.isCancelled {
      // The last who waited for it has gone just now.
      landed(flight)
      return nil
    }
  }

  private func fetchWhole(_ flight: Flight<[InodeID: [UInt8]], Errno>, _ generation: UInt32) async {
    await flight.finish { () async throws(Errno) in
      let bytes = try await file.fetcher.request("read", .content, generation)
      return bytes.map { [file.inode: $0] } ?? [:]
    } landed: {
      landed(flight)
    }
  }

  func landed(_ flight: Flight<[InodeID: [UInt8]], Errno>) {
    file.change { $0.changeRemote { $0.ended(whole: flight) } }
  }
}
