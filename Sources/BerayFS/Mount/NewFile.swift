import BerayClient
import Synchronization
import SystemPackage
import VFS

/// `new`: what is written to one open handle is the goal of one task. Reading it tells how.
final class NewFile: Node {
  static let help = """
    Write a goal here to start a task, as in:
      echo "summarise the logs" > new
    One open file is one goal, of any length and by any number of writes:
      { echo "sort these:"; cat names.txt; } > new
    A JSON object may name tools:
      echo '{"goal": "find the bug", "tools": ["browser"]}' > new
    The task is there when the file is closed: see 'last', a link to it. If it is not, .beray/errors tells why.

    """

  let inode: InodeID
  var kind: FileKind { .regular }
  var path: String { "new" }
  private let context: MountContext
  private let creations: Creations
  private let registry: TaskRegistry
  private let started: Timestamp

  init(_ inode: InodeID, context: MountContext, creations: Creations, registry: TaskRegistry) {
    self.inode = inode
    self.context = context
    self.creations = creations
    self.registry = registry
    self.started = context.time.now()
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .regular, permissions: 0o600, size: Int64(Self.help.utf8.count), modified: started)
    return .ready(AttributeReply(attributes, timeout: SnapshotFile.forever))
  }

  /// Truncation is what `>` does before it writes, and means nothing here.
  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    changes == AttributeChanges(size: 0) ? getattr(file) : .failed(.notPermitted)
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    let opened = OpenedFile(NewHandle(context: context, creations: creations), options: [.directIO])
    guard flags.contains(.write), !registry.isFresh else { return .ready(opened) }
    // close(2) cannot tell a shell of an error, so what can fail already fails here: no credentials, no server.
    return .pending { [context, registry] () async throws(Errno) in
      try await context.call("open", "new") { () async throws(BerayError) in try await registry.refresh() }
      return opened
    }
  }
}

/// An open ``NewFile``: gathers one goal.
final class NewHandle: OpenFile {
  private struct State {
    var bytes: [UInt8] = []
    /// How many of `bytes` are whole characters.
    var whole = 0
    var ticket: Creations.Ticket?
    /// A write was refused: what is here is only a part of what was meant.
    var isRefused = false

    /// Appends, where the whole is still UTF-8 but for a character that may lack its end.
    mutating func append(_ added: RawSpan) -> Bool {
      let before = bytes.count
      added.withUnsafeBytes { bytes.append(contentsOf: $0) }
      guard let complete = bytes[whole...].completeUTF8 else {
        bytes.removeLast(bytes.count - before)
        return false
      }
      whole += complete
      return true
    }
  }

  private struct Refusal: Error {
    static let encoding = Refusal(.illegalByteSequence, "a goal is UTF-8 text", "convert it, for example with iconv")
    static let length = Refusal(
      .fileTooLarge, "a goal has at most \(Goal.maximumLength) bytes", "put the text into a file of the task")
    static let blank = Refusal(.invalidArgument, "the goal is blank", "write some text")

    static func json(_ problem: String) -> Refusal {
      Refusal(
        .invalidArgument, "the goal looks like JSON, but \(problem)",
        #"write {"goal": "…", "tools": ["…"]} and nothing behind it, or plain text"#)
    }

    let errno: Errno
    let detail: String
    let advice: String

    init(_ errno: Errno, _ detail: String, _ advice: String) {
      self.errno = errno
      self.detail = detail
      self.advice = advice
    }
  }

  private let context: MountContext
  private let creations: Creations
  private let state = Mutex(State())

  init(context: MountContext, creations: Creations) {
    self.context = context
    self.creations = creations
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    .ready(Array(NewFile.help.utf8).slice(at: offset, count: count))
  }

  /// Appends, whatever the offset: several processes may write to one handle, each after the other.
  func write(offset: Int64?, bytes: RawSpan, caller: Caller) -> Outcome<Int> {
    let refusal = state.withLock { state -> Refusal? in
      let isTooLong = state.bytes.count + bytes.byteCount > Goal.maximumLength
      if !isTooLong, state.append(bytes) { return nil }
      state.isRefused = true
      return isTooLong ? .length : .encoding
    }
    return refusal.map { .failed(refuse($0)) } ?? .ready(bytes.byteCount)
  }

  func flush(caller: Caller) -> Outcome<Void> {
    state.withLock { state in
      if !state.bytes.isEmpty, !state.isRefused { state.ticket = creations.flushed(state.ticket) }
    }
    return .done
  }

  func release() -> Outcome<Void> {
    let state = state.withLock { $0 }
    // Nothing written is nothing to make, and half of a goal is not what was meant; both were told, or need not be.
    guard !state.bytes.isEmpty, !state.isRefused else {
      if let ticket = state.ticket { creations.dropped(ticket) }
      return .done
    }
    switch Self.goal(in: state) {
    case .success(let goal): creations.released(state.ticket, goal: goal)
    case .failure(let refusal):
      _ = refuse(refusal)
      if let ticket = state.ticket { creations.dropped(ticket) }
    }
    return .done
  }

  private static func goal(in state: State) -> Result<Goal, Refusal> {
    guard state.whole == state.bytes.count else { return .failure(.encoding) }
    do throws(Goal.Problem) {
      return .success(try Goal(written: String(decoding: state.bytes, as: UTF8.self)))
    } catch {
      switch error {
      case .blank: return .failure(.blank)
      case .json(let problem): return .failure(.json(problem))
      }
    }
  }

  /// What was written and belongs to no task yet, for the end of a mount: nobody will close the handle any more.
  var unclosed: [UInt8]? {
    state.withLock { $0.bytes.isEmpty || $0.isRefused ? nil : $0.bytes }
  }

  private func refuse(_ refusal: Refusal) -> Errno {
    context.refuse("new", "new", refusal.errno, refusal.detail, advice: refusal.advice)
  }
}

extension ArraySlice<UInt8> {
  /// How many of the bytes are whole UTF-8 characters, where the last one may lack its end; nil where they are no UTF-8.
  var completeUTF8: Int? {
    // The longest character has 4 bytes, so at most 3 may be an unfinished one.
    for cut in 0...Swift.min(3, count) where String(validating: dropLast(cut), as: UTF8.self) != nil {
      guard cut > 0 else { return count }
      let rest = suffix(cut)
      let lead = rest[rest.startIndex]
      let length =
        lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0
      return length > cut && rest.dropFirst().allSatisfy { $0 & 0xc0 == 0x80 } ? count - cut : nil
    }
    return nil
  }
}
