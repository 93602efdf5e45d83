import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// How the content of a file comes, is kept, and is found to have changed.
extension WorkFile {
  /// Content up to this many bytes is read to its end where only the length was asked for: it has come with the answer
  /// anyway.
  private static let incidentalLimit = 64 << 10

  private var cache: ContentCache { tree.shared.cache }

  func wholeKey(_ generation: UInt32) -> ContentCache.Key { .init(inode: inode, generation: generation, block: 0) }

  // MARK: - Reading

  /// The bytes at `offset`, where they are in memory.
  func cached(offset: Int64, count: Int) -> ArraySlice<UInt8>? {
    let known = state.withLock { (size: $0.size, generation: $0.generation, stream: $0.stream) }
    guard let size = known.size else { return nil }
    guard offset < size else { return [] }
    let end = offset + min(Int64(count), size - offset)
    if let stream = known.stream { return stream.readyBytes(offset..<end) }
    let blockSize = Int64(ContentCache.blockSize(ofFile: size))
    var bytes: ArraySlice<UInt8> = []
    var position = offset
    while position < end {
      let index = position / blockSize
      let key = ContentCache.Key(inode: inode, generation: known.generation, block: index)
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

  func read(offset: Int64, count: Int, _ ahead: borrowing Mutex<ReadAhead>) async throws(Errno) -> ArraySlice<UInt8> {
    for _ in 0..<4 {
      if let buffer = state.withLock({ $0.buffer }) { return try buffer.read(offset: offset, count: count) }
      if let bytes = cached(offset: offset, count: count) { return bytes }
      // Under a name that is gone the server may have another file by now.
      guard !tree.isRemoved, !state.withLock({ $0.isDetached }) else { throw .staleNFSFileHandle }
      let known = state.withLock { (size: $0.size, stream: $0.stream) }
      let path = tree.serverPath(of: self)
      do throws(Errno) {
        if let stream = known.stream {
          return try await stream.read(offset: offset, count: count)
        }
        guard let size = known.size else {
          try await learnSize()
          continue
        }
        if size <= ContentCache.wholeLimit {
          guard let bytes = try await wholeContent() else { continue }
          let start = min(Int(offset), bytes.count)
          return bytes[start..<min(start + count, bytes.count)]
        }
        let hasRanges = try await tree.shared.capabilitiesForReading().contains(.ranges)
        if hasRanges, !tree.shared.ignoresRanges,
          let bytes = try await rangeReader().read(offset: offset, count: count, ahead, of: self)
        {
          return bytes
        }
        if tree.shared.ignoresRanges || !hasRanges { try openStream() }
      } catch  where error == .noSuchFileOrDirectory {
        // The name is gone, but the handle is open.
        guard try await wasRenamed(from: path) else { throw .staleNFSFileHandle }
      }
    }
    throw .ioError
  }

  /// Whether the file, which the server did not find at `path`, goes by another by now.
  func wasRenamed(from path: String) async throws(Errno) -> Bool {
    while let change = state.withLock({ nameChange($0) }) { try await change.end() }
    return !state.withLock { $0.isDetached } && !tree.serverPath(of: self).utf8.elementsEqual(path.utf8)
  }

  /// The largest file that is fetched for programs that have it open when its name goes.
  private static let keptForReaders: Int64 = 64 << 20

  /// This mount is about to take the name away: programs that have the file open go on reading what it holds. Where that
  /// is too much or does not come, they get ESTALE.
  func keepForReaders() async {
    let isNeeded = state.withLock { state in
      state.handles > 0 && state.buffer == nil && !state.isLocal && (state.size ?? 0) <= Self.keptForReaders
    }
    if isNeeded { _ = try? await bufferWithContent(hasTurn: true) }
  }

  /// A block of a large file was read from memory: the next ones are fetched before they are asked for.
  func readAhead(_ ahead: borrowing Mutex<ReadAhead>, offset: Int64, count: Int) {
    guard let ranges = state.withLock({ $0.ranges }) else { return }
    ranges.advance(to: offset, ahead, of: self)
  }

  private func rangeReader() -> RangeReader {
    state.withLock { state in
      if let ranges = state.ranges { return ranges }
      let made = RangeReader(size: state.size ?? 0, generation: state.generation)
      state.ranges = made
      return made
    }
  }

  private func openStream() throws(Errno) {
    let spill = try tree.context.spills.makeFile()
    let started = state.withLock { state -> (StreamReader, UInt32)? in
      guard state.stream == nil else { return nil }
      let stream = StreamReader(spill: spill, size: state.size)
      state.stream = stream
      return (stream, state.generation)
    }
    guard let (stream, _) = started else { return }
    let path = tree.serverPath(of: self)
    stream.run { [tree, path, shownPath = self.path] () async throws(Errno) in
      try await tree.context.call("read", shownPath) { () async throws(BerayError) in
        let content = try await tree.context.service.fileContent(
          of: tree.task, path: path, range: nil, ifNoneMatch: nil)
        try await stream.pump(content.body)
      }
    }
  }

  // MARK: - Small files

  /// All of a small file, by one request for all who ask; nil where the content is another by now, or too large for
  /// this.
  func wholeContent(allowsBatch: Bool = true) async throws(Errno) -> [UInt8]? {
    let running = state.withLock { ($0.fetch, $0.generation) }
    var allowsBatch = allowsBatch
    var flight = running.0
    if flight == nil {
      if allowsBatch, let batch = tree.batch(onMissOf: self) { flight = batch } else { allowsBatch = false }
    }
    if let flight {
      let bytes = try? await flight.value()[inode]
      if let bytes { return bytes }
      if Task.isCancelled { throw .interrupted }
      // What failed for the batch is asked for alone, and tells its own error.
      return allowsBatch ? try await wholeContent(allowsBatch: false) : nil
    }
    let (own, isOurs, generation) = state.withLock { state in
      if let other = state.fetch { return (other, false, state.generation) }
      let flight = Flight<[InodeID: [UInt8]], Errno>()
      state.fetch = flight
      return (flight, true, state.generation)
    }
    if isOurs { Task { await fetchWhole(own, generation) } }
    return try await own.value()[inode]
  }

  private func fetchWhole(_ flight: Flight<[InodeID: [UInt8]], Errno>, _ generation: UInt32) async {
    let result: Result<[InodeID: [UInt8]], Errno>
    do throws(Errno) {
      let bytes = try await request("read", readsAll: true, generation) { flight.finish(.success([:])) }
      result = .success(bytes.map { [inode: $0] } ?? [:])
    } catch {
      result = .failure(error)
    }
    landed(flight)
    flight.finish(result)
  }

  func landed(_ flight: Flight<[InodeID: [UInt8]], Errno>) {
    state.withLock { state in
      if state.fetch === flight { state.fetch = nil }
    }
  }

  /// Asks for the content once, and keeps what it tells. Returns all of it, if it is small and was read to its end.
  /// - Parameters:
  ///   - readsAll: whether the body is wanted, and not its length alone.
  ///   - handedOver: called when the content turned out too large for memory and goes on as a stream.
  func request(
    _ operation: String, readsAll: Bool, _ generation: UInt32, handedOver: () -> Void
  ) async throws(Errno) -> [UInt8]? {
    let asked = tree.context.time.uptime()
    let path = tree.serverPath(of: self)
    do {
      let content = try await tree.context.service.fileContent(of: tree.task, path: path, range: nil, ifNoneMatch: nil)
      if let size = content.size {
        guard size <= (readsAll ? ContentCache.wholeLimit : Self.incidentalLimit) else {
          learned(size: size, tag: content.etag, asked: asked, generation)
          return nil
        }
      }
      var iterator = content.body.makeAsyncIterator()
      var bytes: [UInt8] = []
      while let piece = try await iterator.next() {
        if bytes.isEmpty { bytes = piece } else { bytes += piece }
        guard bytes.count <= ContentCache.wholeLimit else {
          try await goOnAsStream(bytes, &iterator, generation, handedOver)
          return nil
        }
      }
      install(bytes, tag: content.etag, asked: asked, generation)
      return bytes
    } catch let error as BerayError {
      if error.code == .notFound { tree.markStale() }
      throw tree.context.fail(operation, self.path, error)
    } catch let errno as Errno {
      throw errno
    } catch {
      throw .ioError
    }
  }

  /// A body without a length that is too large for memory.
  private func goOnAsStream(
    _ bytes: [UInt8], _ iterator: inout ByteStream.AsyncIterator, _ generation: UInt32, _ handedOver: () -> Void
  ) async throws {
    let stream = StreamReader(spill: try tree.context.spills.makeFile(), size: nil)
    state.withLock { if $0.generation == generation { $0.stream = stream } }
    handedOver()
    try await stream.pump(bytes, &iterator)
    learned(size: stream.received, tag: nil, asked: tree.context.time.uptime(), generation)
  }

  /// Keeps content that came, unless the file has another by now.
  func install(_ bytes: [UInt8], tag: String?, asked: Duration, _ generation: UInt32) {
    state.withLock { state in
      if state.generation == generation { install(bytes, tag: tag, asked: asked, &state) }
    }
  }

  /// The same of what the file has now, unless a program wrote to it.
  func install(_ bytes: [UInt8], tag: String?, asked: Duration, _ state: inout FileState) {
    guard state.buffer == nil else { return }
    keepVersion(size: Int64(bytes.count), tag: tag, &state)
    state.checked = asked
    cache.insert(bytes, for: wholeKey(state.generation))
  }

  private func learned(size: Int64, tag: String?, asked: Duration, _ generation: UInt32) {
    state.withLock { state in
      guard state.generation == generation, state.buffer == nil else { return }
      keepVersion(size: size, tag: tag, &state)
      state.checked = asked
    }
  }

  /// What was read may be newer than the listing: what is written on top of it then begins from this version.
  private func keepVersion(size: Int64, tag: String?, _ state: inout FileState) {
    state.contentTag = tag
    if let tag, let listed = state.listed.etag, tag != listed {
      state.listed.etag = tag
      state.listed.size = size
      tree.context.notifier.invalidate(inode, pages: true)
    }
    guard state.size != size else { return }
    // The listing told another size: the file has changed since, and the kernel must not go on with the old one.
    if state.size != nil { tree.context.notifier.invalidate(inode, pages: true) }
    state.size = size
  }
}

extension WorkTree {
  func serverPath(of file: WorkFile) -> String {
    let place = file.place
    return serverPath(of: place.name, in: place.parent ?? root)
  }
}
