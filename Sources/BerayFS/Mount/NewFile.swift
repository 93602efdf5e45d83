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
    var ticket: Creations.Ticket?
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
    let count = bytes.byteCount
    let refusal: (Errno, String, String)? = state.withLock { state in
      guard state.bytes.count + count <= Goal.maximumLength else {
        return (.fileTooLarge, "a goal has at most \(Goal.maximumLength) bytes", "put the text into a file of the task")
      }
      let before = state.bytes.count
      bytes.withUnsafeBytes { state.bytes.append(contentsOf: $0) }
      guard state.bytes.isPrefixOfUTF8 else {
        state.bytes.removeLast(state.bytes.count - before)
        return (.illegalByteSequence, "a goal is UTF-8 text", "convert it, for example with iconv")
      }
      return nil
    }
    if let (errno, detail, advice) = refusal {
      return .failed(context.refuse("new", "new", errno, detail, advice: advice))
    }
    return .ready(count)
  }

  func flush(caller: Caller) -> Outcome<Void> {
    state.withLock { state in
      if !state.bytes.isEmpty { state.ticket = creations.flushed(state.ticket) }
    }
    return .done
  }

  func release() -> Outcome<Void> {
    let (text, ticket) = state.withLock { state in
      (String(decoding: state.bytes, as: UTF8.self), state.ticket)
    }
    guard !text.isEmpty else { return .done }
    let goal = Goal(written: text)
    guard !goal.isBlank else {
      _ = context.refuse("new", "new", .invalidArgument, "the goal is blank", advice: "write some text")
      if let ticket { creations.dropped(ticket) }
      return .done
    }
    creations.released(ticket ?? creations.flushed(nil), goal: goal)
    return .done
  }
}

extension [UInt8] {
  /// Whether the bytes are UTF-8, where the last character may still lack bytes.
  var isPrefixOfUTF8: Bool {
    // The longest character has 4 bytes, so at most 3 may be an unfinished one.
    for cut in 0...Swift.min(3, count) where String(validating: self[..<(count - cut)], as: UTF8.self) != nil {
      guard cut > 0 else { return true }
      let rest = self[(count - cut)...]
      let lead = rest[rest.startIndex]
      let length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0
      return length > cut && rest.dropFirst().allSatisfy { $0 & 0xc0 == 0x80 }
    }
    return false
  }
}
