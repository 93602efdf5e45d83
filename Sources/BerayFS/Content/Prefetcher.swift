import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import VFS
import Waiting
import ZipArchive

/// Makes a walk through many small files cost few requests: the files ahead come as one ZIP.
struct Prefetcher: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  private typealias Batch = Flight<[InodeID: [UInt8]], Errno>

  /// `file` is wanted and not in memory. Returns the batch that brings it, if it is part of a walk.
  func batch(onMissOf file: WorkFile) -> Flight<[InodeID: [UInt8]], Errno>? {
    guard file.fetcher.isPrefetchable(upTo: WalkPrefetch.fileLimit, takesUnknown: true) else { return nil }
    let now = context.time.uptime()
    guard let count = tree.prefetch.withLock({ $0.miss(file.inode, at: now) }) else { return nil }
    return startBatch([file] + following(file, count: count - 1))
  }

  /// `file` begins to be read, from memory or not.
  func readBegins(_ file: WorkFile) {
    let now = context.time.uptime()
    guard let next = tree.prefetch.withLock({ $0.readBegins(file.inode, at: now) }),
      let frontier = context.inodes[next.after] as? WorkFile
    else { return }
    _ = startBatch(following(frontier, count: next.count))
  }

  /// Small files that are not in memory and come after `file` in the order of a walk: the rest of its directory with
  /// everything beneath it, then what comes after that directory.
  func following(_ file: WorkFile, count: Int) -> [WorkFile] {
    let takesUnknown = tree.prefetch.withLock { $0.takesUnknownSizes }
    let place = file.place
    guard var directory = place.parent else { return [] }
    var found: [WorkFile] = []
    var budget = min(WalkPrefetch.byteLimit, Int64(shared.cache.limit / 4))
    tree.structure.withLock { structure in
      var after = structure.directories[directory.inode]?.children[place.name]?.cookie ?? 0
      while true {
        collect(
          beneath: directory.inode, after: after, count: count, takesUnknown: takesUnknown, &budget, &found,
          in: &structure)
        let place = directory.place
        guard found.count < count, budget > 0, let parent = place.parent else { return }
        after = structure.directories[parent.inode]?.children[place.name]?.cookie ?? .max
        directory = parent
      }
    }
    return found
  }

  private func collect(
    beneath directory: InodeID, after cookie: UInt64, count: Int, takesUnknown: Bool, _ budget: inout Int64,
    _ found: inout [WorkFile], in structure: inout TreeStructure
  ) {
    for child in structure.change(directory, { $0.ordered() }) ?? [] where child.cookie > cookie {
      guard found.count < count, budget > 0 else { return }
      switch child.node {
      case .file(let file):
        guard file.fetcher.isPrefetchable(upTo: WalkPrefetch.fileLimit, takesUnknown: takesUnknown) else { continue }
        // A file of unknown size counts as a typical source file. The first that does not fit begins the next batch.
        budget -= file.known { $0.size } ?? 16 << 10
        guard budget >= 0 else { return }
        found.append(file)
      case .directory(let nested):
        collect(
          beneath: nested.inode, after: 0, count: count, takesUnknown: takesUnknown, &budget, &found, in: &structure)
      case .link: continue
      }
    }
  }

  /// Fetches `files` with one request. Nil if the first of them does not come with it.
  private func startBatch(_ files: [WorkFile]) -> Flight<[InodeID: [UInt8]], Errno>? {
    guard files.count > 1 else { return nil }
    let flight = Batch()
    var members: [(file: WorkFile, generation: UInt32, size: Int64?)] = []
    for file in files {
      file.change { state in
        guard state.changeRemote({ $0.begins(whole: flight) }) == true else { return }
        members.append((file, state.generation, state.size))
      }
    }
    guard !members.isEmpty else { return nil }
    tree.prefetch.withLock { $0.started(members.map(\.file.inode)) }
    let taken = members
    Task {
      let contents = await fetch(taken)
      for member in taken { member.file.reader.landed(flight) }
      flight.finish(.success(contents))
    }
    // Not by its state: the batch may have landed already.
    return taken[0].file === files[0] ? flight : nil
  }

  private func fetch(_ members: [(file: WorkFile, generation: UInt32, size: Int64?)]) async -> [InodeID: [UInt8]] {
    let asked = context.time.uptime()
    // As bytes: two strings that differ only in composition («é») would be the same key.
    var byPath: [[UInt8]: (file: WorkFile, generation: UInt32, size: Int64?, asked: AskedPath)] = [:]
    let paths = members.map { member in
      let name = tree.asked(member.file)
      byPath[Array(name.path.utf8)] = (member.file, member.generation, member.size, name)
      return name.path
    }
    let limit = 2 * Int(WalkPrefetch.byteLimit)
    var contents: [InodeID: [UInt8]] = [:]
    do {
      let answer = try await context.service.archive(of: tree.task, paths: paths)
      // Beside its bytes, a file has two headers, each with its path.
      let expected = members.reduce(0) { $0 + Int($1.size ?? 0) + 512 }
      let archive = try await answer.body.collect(upTo: limit, expecting: expected)
      for content in try ZipReader(consume archive, limit: limit).contents() where content.entry.kind == .file {
        guard let name = content.entry.name?.utf8 else { continue }
        let path = Array(name.starts(with: "./".utf8) ? name.dropFirst(2) : name[...])
        // What this mount renamed meanwhile may be another file's.
        guard let member = byPath[path], tree.isAnswer(to: member.asked, about: member.file) else { continue }
        guard member.size == nil || member.size == Int64(content.bytes.count) else {
          // It changed after it was listed. It is asked for alone, after the next listing.
          tree.markStale()
          continue
        }
        if member.file.fetcher.install(content.bytes, of: nil, asked: asked, member.generation) {
          contents[member.file.inode] = content.bytes
        }
      }
      tree.prefetch.withLock { $0.succeeded() }
    } catch let error as BerayError {
      let isTooLarge = error.code == .invalidResponse && members.contains { $0.size == nil }
      tree.prefetch.withLock { prefetch in
        if isTooLarge {
          prefetch.unknownSizesAreTooLarge()
        } else {
          prefetch.failed(isRefused: [405, 501].contains(error.status))
        }
      }
      context.logger.info("fetching \(members.count) files of \(tree.path) as one archive: \(error.reason)")
    } catch {
      tree.prefetch.withLock { $0.failed(isRefused: false) }
      context.logger.info("fetching \(members.count) files of \(tree.path) as one archive: \(error)")
    }
    return contents
  }
}
