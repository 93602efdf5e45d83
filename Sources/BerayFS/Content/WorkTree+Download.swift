import Beray
import SystemPackage

extension WorkTree {
  /// Puts a whole content into a temporary file. Returns the file and its length in bytes.
  /// - Throws: a `BerayError` if the server sends less or more than it has to, an `Errno` if there is no room.
  func download(
    _ content: FileContent, _ expectation: ContentExpectation
  ) async throws -> (SpillFile, Int64) {
    guard !expectation.isContradictory else {
      throw BerayError.contradiction(content.size, expectation.length, operation: "read")
    }
    let spill = try makeSpill("write", path)
    var size: Int64 = 0
    var iterator = content.body.makeAsyncIterator()
    while let piece = try await iterator.next() {
      guard size + Int64(piece.count) <= expectation.limit else {
        if expectation.length == nil { throw BerayError.endless(expectation.limit, operation: "read") }
        throw BerayError.contradiction(nil, expectation.length, operation: "read")
      }
      let offset = size
      try await DiskExecutor.run { () throws(Errno) in try spill.write(piece[...], at: offset, leavingRoom: true) }
      size += Int64(piece.count)
    }
    guard expectation.isMet(by: size) else {
      throw BerayError.contradiction(size, expectation.length, operation: "read")
    }
    return (spill, size)
  }

  /// A temporary file; that there can be none is told.
  func makeSpill(_ operation: String, _ path: String) throws(Errno) -> SpillFile {
    do throws(Errno) { return try context.spills.makeFile() } catch {
      throw context.refuse(
        operation, path, error, "there can be no temporary file in \(context.options.spillDirectory): \(error)",
        advice: "make room there, or close files; 'ulimit -n' tells how many may be open")
    }
  }
}
