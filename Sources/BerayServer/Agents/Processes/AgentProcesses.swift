internal import Glibc
internal import LinuxSystem

/// All processes of one run of an agent: its process group and session, their descendants, and processes that carry the
/// run's mark although their parents are gone.
///
/// Never includes a process of another run, this process, its ancestors, or anything that a person started.
struct AgentProcesses: Sendable {
  private let mark: AgentMark
  /// The agent itself. Nobody has waited for it yet, so its process, group and session ids cannot have been reused. Nil
  /// if a previous server started it.
  private let leader: ProcessIdentity?
  private var members: Set<ProcessIdentity> = []
  /// Whether a process carries the mark. Cached, so that each environment is read once.
  private var marked: [ProcessIdentity: Bool] = [:]
  /// Whether the last look knew of each process whether it carries the mark.
  private var sawAll = true

  /// - Parameter leader: the agent itself. Nobody may have waited for it yet.
  init(mark: AgentMark, leader: ProcessIdentity) {
    self.mark = mark
    self.leader = leader
  }

  /// - Parameter survivors: the agent itself and its ``strays``, as a previous server recorded them.
  init(mark: AgentMark, survivors: Set<ProcessIdentity>) {
    self.mark = mark
    leader = nil
    members = survivors
  }

  /// The processes that the last look found without the mark, or in the middle of an execve(2). Once their parents are gone, only this record connects
  /// them to the run.
  var strays: Set<ProcessIdentity> { members.filter { marked[$0] != true && $0 != leader } }

  /// Looks for the processes and remembers them: a process still belongs to the run after its parent ends.
  ///
  /// - Parameter table: the processes of the machine as of now.
  /// - Returns: those that are running.
  mutating func look(in table: [Int32: ProcessStatus] = ProcessStatus.table()) -> Set<ProcessIdentity> {
    AgentChildren.reapOrphans(table)
    let children = AgentChildren.all
    let spared = Self.lineage(of: getpid(), in: table).union(children.filter { $0 != leader?.id })
    let living = table.values.filter { !$0.hasEnded && $0.id > 1 && !spared.contains($0.id) }
    marked = marked.filter { table[$0.key.id]?.start == $0.key.start }
    sawAll = true
    var found = Set(living.filter { belongs($0, children: children) }.map(\.id))
    var grown = found
    // Until the kernel reparents them, the children of an agent that is a zombie still name it as their parent.
    if let leader { grown.insert(leader.id) }
    while !grown.isEmpty {
      grown = Set(living.filter { grown.contains($0.parent) && !found.contains($0.id) }.map(\.id))
      found.formUnion(grown)
    }
    members = Set(found.compactMap { table[$0].map(ProcessIdentity.init) })
    // A process may have dropped the mark in an exec(2) since it was last checked.
    for process in members where marked[process] != false {
      if let carries = mark.isCarried(by: process.id) { marked[process] = carries }
    }
    return members
  }

  /// Sends a signal to each process that runs now.
  mutating func signal(_ signal: Int32) {
    for process in look() { process.signal(signal) }
  }

  /// How long ``kill(within:)`` waits for others to tell whether they carry the mark. An execve(2) takes less, unless its
  /// file is on a file system that hangs.
  private static let doubtLimit = Duration.milliseconds(200)

  /// Kills them, and those that they start meanwhile, until none is left. Gives up after `limit`, because a process in
  /// an uninterruptible wait does not die.
  mutating func kill(within limit: Duration = .seconds(5)) {
    let deadline = ContinuousClock.now + limit
    let doubtEnd = ContinuousClock.now + Self.doubtLimit
    repeat {
      let running = look()
      if running.isEmpty {
        if sawAll || ContinuousClock.now >= doubtEnd { return }
        // The kernel tells of no event when an execve(2) ends.
        usleep(1000)
        continue
      }
      let handles = running.compactMap(\.handle)
      for process in handles { try? process.send(SIGKILL) }
      for process in handles { _ = process.hasEnded(within: deadline - .now) }
    } while ContinuousClock.now < deadline
  }

  private mutating func belongs(_ process: ProcessStatus, children: Set<Int32>) -> Bool {
    if members.contains(ProcessIdentity(process)) { return true }
    if let leader, process.session == leader.id || process.group == leader.id { return true }
    if carriesMark(process) { return true }
    guard AgentChildren.adopts, process.parent == getpid(), !children.contains(process.id) else { return false }
    // An orphan without the mark. It belongs to this run if it works in this work directory, or if no other run exists.
    if mark.isWorkplace(of: process.id) { return true }
    guard let leader, AgentChildren.isAlone else { return false }
    return children == [leader.id] && process.start >= leader.start
  }

  private mutating func carriesMark(_ process: ProcessStatus) -> Bool {
    let identity = ProcessIdentity(process)
    if let known = marked[identity] { return known }
    guard let carries = mark.isCarried(by: process.id) else {
      sawAll = false
      return false
    }
    marked[identity] = carries
    return carries
  }

  /// A process and its ancestors.
  private static func lineage(of process: Int32, in table: [Int32: ProcessStatus]) -> Set<Int32> {
    var lineage: Set<Int32> = []
    var next = process
    while next > 0, lineage.insert(next).inserted { next = table[next]?.parent ?? 0 }
    return lineage
  }
}
