import VFS

/// What a program means by a call at the root of the mount, judged by its command line, because the kernel tells only
/// the name.
struct CallerIntent: Sendable {
  private let processes: ProcessTable
  private let caller: Caller

  init(_ caller: Caller, processes: ProcessTable) {
    self.caller = caller
    self.processes = processes
  }

  private var words: [String] { processes.arguments(caller.process)?.words ?? [] }

  /// If `name` is only a directory on the way to another, as in `mkdir -p name/more`, the path from that name on. Nil
  /// if the command names it for itself, or not at all.
  func path(through name: Name) -> String? {
    guard let arguments = processes.arguments(caller.process) else { return nil }
    // A name that may be a component of a path counts as one, so that no task is made of half a path.
    if arguments.mayBeCut, takesExisting, let place = arguments.words.lastIndex(of: name.string),
      place < arguments.words.count - 1
    {
      return arguments.words[place...].joined(separator: "/")
    }
    var found: String?
    for word in arguments.words {
      let components = word.split(separator: "/").filter { $0 != "." }
      guard let place = components.lastIndex(where: { Name(String($0)) == name }) else { continue }
      if place == components.count - 1 { return nil }
      found = components[place...].joined(separator: "/")
    }
    return found
  }

  /// Whether it is mkdir(1).
  var isMkdir: Bool { processes.program(caller.process) == "mkdir" }

  /// Whether mkdir(1) accepts a directory that is there already.
  var takesExisting: Bool {
    isMkdir
      && words.dropFirst().prefix { $0 != "--" }.contains { word in
        word.hasPrefix("--") ? word.count > 3 && "--parents".hasPrefix(word) : word.hasPrefix("-") && word.contains("p")
      }
  }

  /// Whether the call that asks is one that makes a directory, as the last component of its path or on the way to it.
  func makesDirectory(by time: TimeSource) async -> Bool {
    // The thread may not be asleep yet when its request is already here.
    for _ in 0..<50 {
      switch processes.systemCall(caller.process) {
      case .makesDirectory?: return true
      case .other?: return false
      case .running?: try? await time.sleep(.microseconds(200))
      case nil: return isMkdir
      }
    }
    return isMkdir
  }

  /// Whether rm(1) removes whole trees, and was given `name` itself.
  func removesTree(named isName: (Name) -> Bool) -> Bool {
    guard removesTrees else { return false }
    return operands.contains { word in
      word.split(separator: "/").last { $0 != "." }.map { isName(Name(String($0))) } ?? false
    }
  }

  /// Whether it is rm(1) with `-r`.
  var removesTrees: Bool {
    processes.program(caller.process) == "rm"
      && words.dropFirst().prefix { $0 != "--" }.contains { word in
        word.hasPrefix("--")
          ? word.count > 3 && "--recursive".hasPrefix(word)
          : word.hasPrefix("-") && (word.contains("r") || word.contains("R"))
      }
  }

  private var operands: [String] {
    let words = words.dropFirst()
    guard let end = words.firstIndex(of: "--") else { return words.filter { !$0.hasPrefix("-") } }
    return words[..<end].filter { !$0.hasPrefix("-") } + words[(end + 1)...]
  }
}
