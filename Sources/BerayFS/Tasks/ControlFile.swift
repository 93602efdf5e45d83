import Beray
import BerayAPI
import SystemPackage
import VFS

/// `ctl`: a verb a line. Each acts inside write(2), where every shell sees its error.
final class ControlFile: Node {
  enum Verb: String, CaseIterable {
    case stop, delete, refresh

    var help: String {
      switch self {
      case .stop: "end the task; succeeds too if it has already ended"
      case .delete: "stop the task, then delete it with its files"
      case .refresh: "forget what is cached of this task, and ask the server again"
      }
    }
  }

  static let help =
    "Write one of these, a line each, as in: echo stop > ctl\n"
    + Verb.allCases.map { verb in
      "  " + verb.rawValue + String(repeating: " ", count: 9 - verb.rawValue.count) + verb.help + "\n"
    }.joined()

  let inode: InodeID
  var kind: FileKind { .regular }
  let path: String
  /// Weak, because only the tree holds the task, and the kernel may know this file for longer.
  private weak let task: TaskDirectory?
  private let context: MountContext

  init(_ inode: InodeID, task: TaskDirectory, context: MountContext) {
    self.inode = inode
    self.path = "\(task.path)/ctl"
    self.task = task
    self.context = context
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    guard let task else { return .failed(.staleNFSFileHandle) }
    let attributes = context.attributes(
      inode, .regular, permissions: 0o600, size: Int64(Self.help.utf8.count), modified: task.feed.modified)
    return .ready(AttributeReply(attributes, timeout: task.window))
  }

  /// `>` truncates before it writes, which means nothing here.
  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    changes == AttributeChanges(size: 0) ? getattr(file) : .failed(.notPermitted)
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard let task else { return .failed(.staleNFSFileHandle) }
    return .ready(OpenedFile(ControlHandle(task: task, context: context), options: [.directIO]))
  }
}

/// An open ``ControlFile``.
final class ControlHandle: OpenFile {
  private let task: TaskDirectory
  private let context: MountContext

  init(task: TaskDirectory, context: MountContext) {
    self.task = task
    self.context = context
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    .ready(Array(ControlFile.help.utf8).slice(at: offset, count: count))
  }

  func write(offset: Int64?, bytes: RawSpan, caller: Caller) -> Outcome<Int> {
    let text = bytes.withUnsafeBytes { Array($0) }
    return .pending { [self] () async throws(Errno) in
      var done = 0
      // By bytes: "\r\n" is one character, and what is no UTF-8 would change its length.
      for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        let (verb, word) = Self.verb(line)
        // A short count tells how far it came. The program then writes the rest, and gets the error.
        if verb == nil, !word.isEmpty, done > 0 { return done }
        do throws(Errno) { try await act(verb, word) } catch {
          guard done > 0 else { throw error }
          return done
        }
        done = min(done + line.count + 1, text.count)
      }
      return done
    }
  }

  private static func verb(_ line: ArraySlice<UInt8>) -> (ControlFile.Verb?, String) {
    let word = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return (ControlFile.Verb(rawValue: word), word)
  }

  private func act(_ verb: ControlFile.Verb?, _ word: String) async throws(Errno) {
    guard !word.isEmpty else { return }
    guard let verb else {
      throw context.refuse(
        "ctl", task.path, .invalidArgument, "no such verb: '\(word)'",
        advice: "one of \(ControlFile.Verb.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    switch verb {
    case .stop: try await stop()
    case .delete:
      if !task.feed.task.status.isFinished { try await stop() }
      try await task.delete(operation: "delete")
    case .refresh:
      task.expire()
      // What is looked at after a refresh is new.
      try await context.untilTheKernelForgot()
    }
  }

  private func stop() async throws(Errno) {
    guard !task.feed.task.status.isFinished else { return }
    do {
      try await context.service.stopTask(task.id)
    } catch {
      // The task may have ended meanwhile, which servers report as a conflict or a bad request.
      if [400, 409, 422].contains(error.status), await hasEnded() { return }
      throw context.fail("stop", task.path, error)
    }
    task.feed.expire()
  }

  private func hasEnded() async -> Bool {
    try? await task.feed.refresh()
    return task.feed.task.status.isFinished
  }
}
