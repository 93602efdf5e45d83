import Beray
import Synchronization
import SystemPackage
import VFS
import Waiting

/// One request for the whole content of a file: what its answer means, and what it tells beside the bytes.
struct ContentFetcher: Sendable {
  let file: WorkFile
  var tree: WorkTree { file.tree }

  /// What is wanted of an answer.
  enum Wish: Sendable {
    case content
    case length
  }

  /// What became of an answer.
  private enum Reading {
    /// All of a small content.
    case whole([UInt8])
    /// Only its length: the bytes were not kept. `.max` if they come as a stream.
    case length(Int64)
    /// The answer contradicts the listing. The number of bytes that came, if they were counted.
    case contradiction(Int64?, [UInt8]?)
  }

  /// Up to this many bytes are read to the end even when only the length was wanted: they came with the answer anyway.
  private static let incidentalLimit = 64 << 10
  /// How often what contradicts the listing is asked for.
  private static let attempts = 3

  /// Asks for the content, and keeps what the answer tells. Returns the bytes if there are few and all of them were
  /// read.
  func request(_ operation: String, _ wish: Wish, _ generation: UInt32) async throws(Errno) -> [UInt8]? {
    var last: BerayError?
    for attempt in 1...Self.attempts {
      let asked = tree.asked(file)
      let (time, listed) = (tree.context.time.uptime(), file.known { $0.server.listed })
      let reading: Reading
      let content: FileContent
      var hasBegun = false
      do throws(BerayError) {
        content = try await tree.context.service.fileContent(
          of: tree.task, path: asked.path, range: nil, ifNoneMatch: nil)
        guard tree.isAnswer(to: asked, about: file) else {
          // It may be about another file, which has the name now.
          return nil
        }
        hasBegun = true
        reading = try await read(content, wish, listed, generation)
      } catch {
        // A body that broke off is asked for again.
        if hasBegun, error.code == .connectionLost, attempt < Self.attempts { continue }
        if error.code == .notFound { tree.markStale() }
        throw tree.context.fail(operation, file.path, error)
      }
      switch reading {
      case .whole(let bytes):
        return install(bytes, of: content, asked: time, generation) ? bytes : nil
      case .length(let size):
        learned(size: size, of: content, asked: time, generation)
        return nil
      case .contradiction(let received, let bytes):
        last = .contradiction(received, listed.size, operation: operation)
        try await relist()
        let now = file.known { (generation: $0.generation, listed: $0.server.listed) }
        // The file is growing or shrinking: these bytes are from a moment between two listings.
        if let bytes, let before = listed.size, let after = now.listed.size, before != after,
          (min(before, after)...max(before, after)).contains(Int64(bytes.count))
        {
          install(bytes, of: content, asked: time, now.generation)
        }
        guard now.generation == generation else { return nil }
      }
    }
    throw tree.context.fail(operation, file.path, last ?? .contradiction(nil, nil, operation: operation))
  }

  /// Has the listing tell again what the file is.
  func relist() async throws(Errno) {
    guard let parent = file.place.parent else { return }
    tree.markStale()
    try await tree.refresher.refresh(parent)
    try await file.bringing?.end()
  }

  private func read(
    _ content: FileContent, _ wish: Wish, _ listed: FileVersion, _ generation: UInt32
  ) async throws(BerayError) -> Reading {
    let expectation = ContentExpectation(content, listed: listed)
    if expectation.isContradictory { return try await contradiction(content) }
    if let size = expectation.length, content.size != nil {
      let limit = wish == .content ? Int64(ContentCache.wholeLimit) : Int64(Self.incidentalLimit)
      guard size <= limit else { return .length(size) }
    }
    var iterator = content.body.makeAsyncIterator()
    var bytes: [UInt8] = []
    var count: Int64 = 0
    while let piece = try await iterator.next() {
      count += Int64(piece.count)
      guard count <= expectation.limit else {
        if expectation.length == nil { throw .endless(expectation.limit, operation: "read") }
        return .contradiction(nil, nil)
      }
      let isFirst = count == Int64(piece.count)
      if isFirst || !bytes.isEmpty { bytes += piece }
      if count <= ContentCache.wholeLimit { continue }
      // Too large for memory. A program that has the file open gets a stream; otherwise the bytes are counted.
      if !bytes.isEmpty, expectation.length == nil, goOnAsStream(bytes, iterator, generation) { return .length(.max) }
      bytes = []
    }
    guard expectation.isMet(by: count) else { return .contradiction(count, nil) }
    // An answer without a length may have ended early.
    let isUnproved = expectation.isOtherVersion && content.size == nil
    if isUnproved, let size = listed.size, size != count { return .contradiction(count, nil) }
    return count <= ContentCache.wholeLimit ? .whole(bytes) : .length(count)
  }

  /// Reads content that may be newer than the listing.
  private func contradiction(_ content: FileContent) async throws(BerayError) -> Reading {
    guard let size = content.size, size <= ContentCache.wholeLimit else { return .contradiction(content.size, nil) }
    let bytes = try await content.body.collect(upTo: Int(size), expecting: Int(size))
    return .contradiction(Int64(bytes.count), bytes.count == Int(size) ? bytes : nil)
  }

  /// A body of unknown length outgrew memory. It goes on as a stream if a program has the file open.
  private func goOnAsStream(
    _ bytes: [UInt8], _ iterator: ByteStream.AsyncIterator, _ generation: UInt32
  ) -> Bool {
    guard let spill = try? tree.makeSpill("read", file.path) else { return false }
    let stream = StreamReader(spill: spill, size: nil)
    let isWanted = file.change { state in
      guard state.generation == generation, state.opens.isOpen else { return false }
      return state.changeRemote { $0.begins(stream: stream) } ?? false
    }
    guard isWanted else { return false }
    // It is handed over, and nobody else pulls it.
    nonisolated(unsafe) let rest = iterator
    stream.run { [self] () async throws(Errno) in
      do throws(BerayError) {
        var rest = rest
        try await stream.pump(bytes, &rest, limit: ContentExpectation.unsizedLimit)
      } catch {
        file.reader.drop(stream)
        throw tree.context.fail("read", file.path, error)
      }
      file.change { state in
        guard state.source.remote?.stream === stream else { return }
        state.learns(size: stream.received)
        state.wasAsked(at: tree.context.time.uptime())
      }
    }
    return true
  }

  // MARK: - What is kept

  /// Keeps content that came. Returns false if the file has other content by now.
  @discardableResult
  func install(_ bytes: [UInt8], of content: FileContent?, asked: Duration, _ generation: UInt32) -> Bool {
    file.change { state in
      guard state.generation == generation, state.buffer == nil else { return false }
      keepVersion(size: Int64(bytes.count), of: content, &state)
      keep(bytes, asked: asked, &state)
      return state.generation == generation
    }
  }

  /// Makes `bytes` the content of the file, unless a program wrote to it.
  func keep(_ bytes: [UInt8], asked: Duration, _ state: inout FileState) {
    guard state.buffer == nil else { return }
    state.wasAsked(at: asked)
    file.reader.cache.insert(bytes, for: file.reader.wholeKey(state.generation))
  }

  private func learned(size: Int64, of content: FileContent, asked: Duration, _ generation: UInt32) {
    file.change { state in
      // A stream tells it at its end.
      guard state.generation == generation, state.buffer == nil, size != .max else { return }
      keepVersion(size: size, of: content, &state)
      state.wasAsked(at: asked)
    }
  }

  /// The bytes may be newer than the listing. Then they are another version, and writes start from that one.
  func keepVersion(size: Int64, of content: FileContent?, _ state: inout FileState) {
    guard state.buffer == nil else { return }
    // The kernel must not go on with the old size.
    if state.takesContent(size: size, tag: content?.etag) { file.kernelForgets(&state) }
  }
}
