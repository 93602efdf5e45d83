import Beray
import Synchronization
import SystemPackage
import VFS

#if canImport(Glibc)
import Glibc
#endif

/// `new`: what is written to one open handle is the goal of one task. Reading it gives the id of the task that the reader's
/// session made last, or why there is none; before the first, it tells how.
final class NewFile: Node {
  static let help = """
    # Write a goal here to start a task, as in:
    #   echo "summarise the logs" > new
    # One open file is one goal, of any length and by any number of writes:
    #   { echo "sort these:"; cat names.txt; } > new
    # A JSON object may say more ("agent" and "from" where the server takes them):
    #   echo '{"goal": "find the bug", "tools": ["browser"], "agent": "claude", "from": "/src"}' > new
    # Closing the file starts the task, and 'last' links to it. From then on, 'cat new' in this session prints its id.
    # If the goal was refused, it prints why, and 'last' leads nowhere. An editor may leave these lines in.

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
    .ready(reply(size: (file as? NewHandle)?.shown.count ?? Self.help.utf8.count))
  }

  /// Each session reads a text of its own.
  func getattr(for caller: Caller) -> Outcome<AttributeReply> {
    creations.settled().map { [self] in reply(size: text(for: caller).utf8.count) }
  }

  /// Who reads it is not told while a directory is listed.
  func knownAttributes() -> AttributeReply? { nil }

  private func reply(size: Int) -> AttributeReply {
    AttributeReply(
      context.attributes(inode, .regular, permissions: 0o600, size: Int64(size), modified: started), timeout: .zero)
  }

  private func text(for caller: Caller) -> String {
    creations.sessions.text(for: creations.sessions.session(of: caller)) ?? Self.help
  }

  /// `>` truncates before it writes, and editors set mode and times of what they save. None of that means anything
  /// here.
  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    let isHarmless = (changes.size ?? 0) == 0 && changes.user == nil && changes.group == nil
    return isHarmless ? getattr(for: caller) : .failed(.notPermitted)
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard flags.contains(.write) else { return creations.settled().map { [self] in opened(by: caller) } }
    guard !registry.isFresh else { return .ready(opened(by: caller)) }
    // A shell ignores what close(2) returns, so whatever can fail early fails here: no credentials, no server.
    return .pending { [self] () async throws(Errno) in
      try await context.call("open", "new") { () async throws(BerayError) in try await registry.refresh() }
      return opened(by: caller)
    }
  }

  private func opened(by caller: Caller) -> OpenedFile {
    let handle = NewHandle(
      context: context, creations: creations, session: creations.sessions.session(of: caller),
      shown: text(for: caller))
    return OpenedFile(handle, options: [.directIO])
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
    var refusal: Refusal?
    /// Who wrote was killed before the text was whole.
    var interruption: Interruption?

    /// Appends, if the result is valid UTF-8 except for an unfinished last character.
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
    static let interrupted = Refusal(
      .interrupted, "a signal killed the writer before the goal was complete", "write the goal again")

    static func json(_ problem: String) -> Refusal {
      Refusal(
        .invalidArgument, "the goal looks like JSON, but \(problem)",
        #"write {"goal": "…", "tools": ["…"]} and nothing behind it, or plain text"#)
    }

    let errno: Errno
    let detail: String
    let advice: String

    private init(_ errno: Errno, _ detail: String, _ advice: String) {
      self.errno = errno
      self.detail = detail
      self.advice = advice
    }
  }

  /// What the death of a writer means for the goal.
  private enum Interruption {
    /// Ctrl-C or the like: the user takes the goal back, whoever else has the file open.
    case takenBack
    /// Another signal: the rest is missing, unless somebody goes on.
    case brokenOff

    init(_ end: ProcessTable.End) {
      switch end {
      case .signal(SIGINT?), .signal(SIGQUIT?), .signal(SIGHUP?): self = .takenBack
      case .signal: self = .brokenOff
      }
    }
  }

  /// What a read of the handle gives.
  let shown: [UInt8]
  private let context: MountContext
  private let creations: Creations
  private let session: SessionBook.Session
  private let state = Mutex(State())

  init(context: MountContext, creations: Creations, session: SessionBook.Session, shown: String) {
    self.context = context
    self.creations = creations
    self.session = session
    self.shown = Array(shown.utf8)
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    .ready(shown.slice(at: offset, count: count))
  }

  /// Appends whatever the offset is: several processes may write to one handle, one after the other.
  func write(offset: Int64?, bytes: RawSpan, caller: Caller) -> Outcome<Int> {
    let refusal = state.withLock { state -> Refusal? in
      let isTooLong = state.bytes.count + bytes.byteCount > Goal.maximumLength
      if !isTooLong, state.append(bytes) { return nil }
      state.refusal = isTooLong ? .length : .encoding
      return state.refusal
    }
    return refusal.map { .failed(refuse($0)) } ?? .ready(bytes.byteCount)
  }

  func flush(caller: Caller) -> Outcome<Void> {
    guard state.withLock({ !$0.bytes.isEmpty && $0.refusal == nil }) else { return .done }
    let interruption = context.processes.end(caller.process).map(Interruption.init)
    let (close, dropped) = state.withLock { state -> (CloseOrder.Close?, Creations.Ticket?) in
      if state.interruption != .takenBack { state.interruption = interruption }
      guard state.interruption != nil else {
        let close = creations.takePlace(state.ticket)
        state.ticket = close.ticket
        return (close, nil)
      }
      defer { state.ticket = nil }
      return (nil, state.ticket)
    }
    if let close { creations.flushed(close) }
    if let dropped { creations.dropped(dropped) }
    return .done
  }

  func release() -> Outcome<Void> {
    let state = state.withLock { $0 }
    // Nothing was written, so there is nothing to make.
    guard !state.bytes.isEmpty || state.refusal != nil else { return .done }
    switch goal(in: state) {
    case .success(let goal): creations.released(state.ticket, goal: goal, session: session)
    case .failure(let refusal):
      // The writer was told of a refused write. What is found only now, and a death, are told in `.beray/errors` alone.
      if state.refusal == nil { _ = refuse(refusal) }
      // Who pressed Ctrl-C knows it.
      if state.interruption == nil { creations.refused(refusal.errno, refusal.detail, for: session) }
      if let ticket = state.ticket { creations.dropped(ticket) }
    }
    return .done
  }

  private func goal(in state: State) -> Result<Goal, Refusal> {
    if let refusal = state.refusal { return .failure(refusal) }
    guard state.interruption == nil else { return .failure(.interrupted) }
    guard state.whole == state.bytes.count else { return .failure(.encoding) }
    do throws(Goal.Problem) {
      let written = String(decoding: state.bytes, as: UTF8.self)
      return .success(try Goal(written: written, shown: NewFile.help + String(decoding: shown, as: UTF8.self)))
    } catch {
      switch error {
      case .blank: return .failure(.blank)
      case .json(let problem): return .failure(.json(problem))
      }
    }
  }

  /// What was written and has no task yet, for the end of a mount, when nobody will close the handle any more.
  var unclosed: [UInt8]? {
    state.withLock { $0.bytes.isEmpty || $0.refusal != nil ? nil : $0.bytes }
  }

  private func refuse(_ refusal: Refusal) -> Errno {
    context.refuse("new", "new", refusal.errno, refusal.detail, advice: refusal.advice)
  }
}
