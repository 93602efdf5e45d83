import Synchronization
import VFS

@testable import BerayFS

/// The processes that call a file system under test. Each is a shell in session 1 unless a test says otherwise.
final class FakeProcesses: Sendable {
  struct Process: Sendable {
    var session: Int32? = 1
    var words = ["bash"]
    var mayBeCut = false
    var end: ProcessTable.End?
    var systemCall: ProcessTable.SystemCall? = .other
  }

  private let processes = Mutex<[ProcessID: Process]>([:])

  subscript(process: Int32) -> Process {
    get { of(ProcessID(rawValue: process)) }
    set { processes.withLock { $0[ProcessID(rawValue: process)] = newValue } }
  }

  /// Says what command the process runs.
  func run(_ process: Int32, _ words: String...) {
    self[process].words = words
    self[process].systemCall = words[0] == "mkdir" ? .makesDirectory : .other
  }

  private func of(_ process: ProcessID) -> Process { processes.withLock { $0[process] ?? Process() } }

  var table: ProcessTable {
    ProcessTable(
      session: { self.of($0).session }, program: { self.of($0).words.first },
      arguments: { .init(self.of($0).words, mayBeCut: self.of($0).mayBeCut) },
      end: { self.of($0).end }, systemCall: { self.of($0).systemCall })
  }
}
