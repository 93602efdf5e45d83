import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// Large content that comes whole, into a temporary file.
extension FileReader {
  /// Has the content come as one stream. Before its last bytes are given out, its version is checked once more.
  func openStream() throws(Errno) {
    let spill = try tree.makeSpill("read", file.path)
    let started = file.change { state -> (StreamReader, FileVersion, UInt32)? in
      let stream = StreamReader(spill: spill, size: state.size)
      guard state.changeRemote({ $0.begins(stream: stream) }) == true else { return nil }
      return (stream, state.server.listed, state.generation)
    }
    guard let (stream, listed, generation) = started else { return }
    stream.run { [self] () async throws(Errno) in
      do throws(Errno) {
        try await fill(stream, listed, generation)
        try await checkStill(listed, generation)
      } catch {
        drop(stream)
        throw error
      }
    }
  }

  /// What failed is asked for anew by the next read.
  func drop(_ stream: StreamReader) {
    file.change { $0.changeRemote { $0.ended(stream: stream) } }
  }

  /// Brings a large content into `stream`. An answer that contradicts the listing, or breaks off, is asked for once
  /// more.
  private func fill(_ stream: StreamReader, _ listed: FileVersion, _ generation: UInt32) async throws(Errno) {
    var failure: BerayError?
    for _ in 1...Self.readRounds {
      let asked = tree.asked(file)
      do throws(BerayError) {
        let content = try await tree.context.service.fileContent(
          of: tree.task, path: asked.path, range: nil, ifNoneMatch: nil)
        if tree.isAnswer(to: asked, about: file) {
          let expectation = ContentExpectation(content, listed: listed)
          if expectation.isOtherVersion {
            file.changedOnServer(content, generation)
          } else if expectation.isContradictory {
            throw .contradiction(content.size, expectation.length, operation: "read")
          } else {
            return try await stream.pump(content.body, expectation)
          }
        }
      } catch {
        guard failure == nil, error.code == .invalidResponse || error.code == .connectionLost else {
          throw tree.context.fail("read", file.path, error)
        }
        failure = error
        try await file.fetcher.relist()
      }
      // The path may lead to another file by now, or the file has other content.
      try await file.untilNamesStay()
      guard file.known({ $0.generation == generation }) else { throw .staleNFSFileHandle }
    }
    throw refuseChanging()
  }

  /// Throws ESTALE if the server has another version than `listed` by now. A file that is written in place while it is
  /// sent arrives as a mixture.
  private func checkStill(_ listed: FileVersion, _ generation: UInt32) async throws(Errno) {
    guard listed.tellsContent, let parent = file.place.parent else { return }
    tree.markStale()
    try await tree.refresher.refresh(parent)
    guard file.known({ $0.generation == generation && !$0.existence.isGone }) else {
      throw .staleNFSFileHandle
    }
  }

  /// A large content in a temporary file, with its length in bytes; nil if the file has other content by now.
  func wholeSpill(_ listed: FileVersion, _ generation: UInt32) async throws(Errno) -> (SpillFile, Int64)? {
    let asked = tree.asked(file)
    for attempt in 1...2 {
      do {
        let content = try await tree.context.service.fileContent(
          of: tree.task, path: asked.path, range: nil, ifNoneMatch: nil)
        guard tree.isAnswer(to: asked, about: file) else { return nil }
        let expectation = ContentExpectation(content, listed: listed)
        if expectation.isOtherVersion {
          try await file.fetcher.relist()
          return nil
        }
        let found = try await tree.download(content, expectation)
        if try await !tree.shared.capabilitiesForReading().contains(.ranges) {
          try await checkStill(listed, generation)
        }
        return found
      } catch let error as BerayError {
        guard attempt == 1, error.code == .invalidResponse || error.code == .connectionLost else {
          throw tree.context.fail("write", file.path, error)
        }
        try await file.fetcher.relist()
        guard file.known({ $0.generation == generation }) else { return nil }
      } catch let errno as Errno {
        guard errno == .staleNFSFileHandle else { throw errno }
        return nil
      } catch {
        throw .ioError
      }
    }
    return nil
  }
}
