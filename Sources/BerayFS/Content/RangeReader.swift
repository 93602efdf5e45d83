import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// One version of a large file, read in parts of several blocks.
final class RangeReader: Sendable {
  private let size: Int64
  private let generation: UInt32
  /// The blocks on their way. A nil result: they cannot be had so.
  private let flights = Mutex<[Int: Flight<[UInt8]?, Errno>]>([:])
  /// The version, as far as the listing and the answers tell.
  private let version: Mutex<FileVersion>

  /// - Parameters:
  ///   - size: bytes.
  ///   - listed: what the listing tells of the version.
  init(size: Int64, generation: UInt32, listed: FileVersion) {
    self.size = size
    self.generation = generation
    version = Mutex(FileVersion(size: size, etag: listed.etag))
  }

  private var blockCount: Int {
    let (whole, rest) = size.quotientAndRemainder(dividingBy: Int64(ContentCache.blockSize))
    return Int(whole) + (rest > 0 ? 1 : 0)
  }

  private func key(_ block: Int, of file: WorkFile) -> ContentCache.Key {
    .init(inode: file.inode, generation: generation, block: Int64(block))
  }

  private func isHere(_ block: Int, of file: WorkFile) -> Bool {
    flights.withLock { $0[block] != nil } || file.tree.shared.cache.contains(key(block, of: file))
  }

  /// Notes that a reader is at `offset`, and fetches what it will want next.
  func advance(to offset: Int64, _ ahead: borrowing Mutex<ReadAhead>, of file: WorkFile) {
    let block = Int(offset / Int64(ContentCache.blockSize))
    let isHere = isHere(block, of: file)
    let requests = ahead.withLock { $0.read(block, isHere: isHere, of: blockCount) }
    for request in requests { start(request, of: file) }
  }

  /// The bytes at `offset`; nil if the server gives no ranges, or has another version by now.
  func read(
    offset: Int64, count: Int, _ ahead: borrowing Mutex<ReadAhead>, of file: WorkFile
  ) async throws(Errno) -> ArraySlice<UInt8>? {
    let blockSize = Int64(ContentCache.blockSize)
    let end = offset + min(Int64(count), max(0, size - offset))
    var bytes: ArraySlice<UInt8> = []
    var position = offset
    while position < end {
      let index = Int(position / blockSize)
      advance(to: position, ahead, of: file)
      guard let block = try await block(index, of: file) else { return nil }
      let start = Int(position - Int64(index) * blockSize)
      let stop = min(Int(end - Int64(index) * blockSize), block.count)
      guard start < stop else { return nil }
      if bytes.isEmpty { bytes = block[start..<stop] } else { bytes += block[start..<stop] }
      position = Int64(index) * blockSize + Int64(stop)
    }
    return bytes
  }

  private func block(_ index: Int, of file: WorkFile) async throws(Errno) -> [UInt8]? {
    if let flight = flights.withLock({ $0[index] }) { return try await flight.value() }
    if let block = file.tree.shared.cache[key(index, of: file)] { return block }
    start(index..<index + 1, of: file)
    guard let flight = flights.withLock({ $0[index] }) else { return file.tree.shared.cache[key(index, of: file)] }
    return try await flight.value()
  }

  /// Asks for the first of `blocks` that are missing, up to the next that is here or on its way.
  private func start(_ blocks: Range<Int>, of file: WorkFile) {
    let wanted = flights.withLock { flights -> [(Int, Flight<[UInt8]?, Errno>)] in
      var wanted: [(Int, Flight<[UInt8]?, Errno>)] = []
      for block in blocks {
        if flights[block] != nil || file.tree.shared.cache.contains(key(block, of: file)) {
          if wanted.isEmpty { continue } else { break }
        }
        let flight = Flight<[UInt8]?, Errno>()
        flights[block] = flight
        wanted.append((block, flight))
      }
      return wanted
    }
    guard !wanted.isEmpty else { return }
    Task { await fetch(wanted, of: file) }
  }

  private func fetch(_ wanted: [(block: Int, flight: Flight<[UInt8]?, Errno>)], of file: WorkFile) async {
    var left = wanted[...]
    var result: Result<[UInt8]?, Errno> = .success(nil)
    for attempt in 1...2 {
      do throws(BerayError) {
        try await request(&left, of: file)
        break
      } catch {
        // What broke off is asked for once more, from where it broke.
        guard attempt == 2 || error.code != .connectionLost else { continue }
        if error.status == 416, (try? await file.fetcher.relist()) != nil {
          // It is shorter by now, as the listing tells.
          break
        }
        if error.code == .notFound { file.tree.markStale() }
        result = .failure(file.tree.context.fail("read", file.path, error))
        break
      }
    }
    for (block, flight) in left { land(block, flight, result) }
  }

  private func land(_ block: Int, _ flight: Flight<[UInt8]?, Errno>, _ result: Result<[UInt8]?, Errno>) {
    flights.withLock { _ = $0.removeValue(forKey: block) }
    flight.finish(result)
  }

  private func request(
    _ left: inout ArraySlice<(block: Int, flight: Flight<[UInt8]?, Errno>)>, of file: WorkFile
  ) async throws(BerayError) {
    guard let first = left.first?.block, let last = left.last?.block else { return }
    let tree = file.tree
    let blockSize = ContentCache.blockSize
    let start = Int64(first) * Int64(blockSize)
    let end = start + min(Int64(last + 1 - first) * Int64(blockSize), size - start)
    let asked = tree.asked(file)
    let content = try await tree.context.service.fileContent(
      of: tree.task, path: asked.path, range: ByteRange(offset: start, count: end - start), ifNoneMatch: nil)
    guard tree.isAnswer(to: asked, about: file) else {
      // Under the path may be another file by now.
      try? await file.untilNamesStay()
      return
    }
    guard isSameVersion(content) else {
      file.changedOnServer(content, generation)
      return
    }
    guard content.offset == start else {
      tree.shared.rangesWereIgnored()
      return
    }
    var iterator = content.body.makeAsyncIterator()
    var block: [UInt8] = []
    while let (index, flight) = left.first {
      let length = Int(min(Int64(blockSize), size - Int64(index) * Int64(blockSize)))
      var piece = block[...]
      block = []
      block.reserveCapacity(length)
      while true {
        let taken = piece.prefix(length - block.count)
        block += taken
        if block.count == length {
          let rest = piece[taken.endIndex...]
          tree.shared.cache.insert(block, for: key(index, of: file))
          left.removeFirst()
          land(index, flight, .success(block))
          block = Array(rest)
          break
        }
        guard let next = try await iterator.next() else {
          throw BerayError(
            .connectionLost, detail: "the server's answer ended \(length - block.count) bytes early", operation: "read")
        }
        piece = next[...]
      }
    }
  }

  private func isSameVersion(_ content: FileContent) -> Bool {
    version.withLock { version in
      let told = FileVersion(size: content.size ?? size, modified: content.modified, etag: content.etag)
      if version.etag == nil { version.etag = told.etag }
      if version.modified == nil { version.modified = told.modified }
      guard told.size == version.size else { return false }
      // Times have whole seconds here; where there are tags, these tell.
      guard let tag = told.etag, let knownTag = version.etag else { return told.modified == version.modified }
      return EntityTag(tag).weaklyMatches(EntityTag(knownTag))
    }
  }
}
