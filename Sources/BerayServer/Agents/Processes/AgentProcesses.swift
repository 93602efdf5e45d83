internal import Glibc
internal import LinuxSystem

/// All processes of one run of an agent, wherever they went: its own process group and session, what these started, and
/// what carries the run's mark though its parents are gone.
///
/// No process of another run is among them, nor this process, its ancestors, or anything that a person started.
struct AgentProcesses: Sendable {
  private let mark: AgentMark
  /// The agent itself, a child that nobody has waited for yet: so its number, group and session are its own. Nil if
  /// it is no child of this process.
  private let leader: ProcessIdentity?
  private var members: Set<ProcessIdentity> = []
  /// Of each process whether it carries the mark, which is asked once.
  private var marked: [ProcessIdentity: Bool] = [:]

  /// - Parameter leader: the agent itself, not waited for yet.
  init(mark: AgentMark, leader: ProcessIdentity) {
    self.mark = mark
    self.leader = leader
  }

  /// - Parameter survivors: the agent itself and its ``strays``, as a server knew them that has ended.
  init(mark: AgentMark, survivors: Set<ProcessIdentity>) {
    self.mark = mark
    leader = nil
    members = survivors
  }

  /// Processes of the last look without the mark: once their parents are gone, only this memory can tell whose they
  /// are.
  var strays: Set<ProcessIdentity> { members.filter { marked[$0] == false && $0 != leader } }

  /// Looks for them, and remembers what it finds: a process stays one of them when its parent ends.
  ///
  /// - Parameter table: the processes of the machine as of now.
  /// - Returns: those that run.
  mutating func look(in table: [Int32: ProcessStatus] = ProcessStatus.table()) -> Set<ProcessIdentity> {
    AgentChildren.reapOrphans(table)
    let children = AgentChildren.all
    let spared = Self.lineage(of: getpid(), in: table).union(children.filter { $0 != leader?.id })
    let living = table.values.filter { !$0.hasEnded && $0.id > 1 && !spared.contains($0.id) }
    marked = marked.filter { table[$0.key.id]?.start == $0.key.start }
    var found = Set(living.filter { belongs($0, children: children) }.map(\.id))
    var grown = found
    // An agent that is a zombie still has children until the kernel gave them to another.
    if let leader { grown.insert(leader.id) }
    while !grown.isEmpty {
      grown = Set(living.filter { grown.contains($0.parent) && !found.contains($0.id) }.map(\.id))
      found.formUnion(grown)
    }
    members = Set(found.compactMap { table[$0]?.identity })
    // One that was seen just before its exec(2) may have lost the mark since.
    for process in members where marked[process] != false { marked[process] = mark.isCarried(by: process.id) }
    return members
  }

  /// Sends a signal to each, as of now.
  mutating func signal(_ signal: Int32) {
    for process in look() { process.signal(signal) }
  }

  /// Kills them until none is left, also those that they start meanwhile. Gives up after `limit` on what the kernel does
  /// not let die.
  mutating func kill(within limit: Duration = .seconds(5)) {
    let deadline = ContinuousClock.now + limit
    repeat {
      let running = look()
      if running.isEmpty { return }
      let handles = running.compactMap(\.handle)
      for process in handles { try? process.send(SIGKILL) }
      for process in handles { _ = process.hasEnded(within: deadline - .now) }
    } while ContinuousClock.now < deadline
  }

  private mutating func belongs(_ process: ProcessStatus, children: Set<Int32>) -> Bool {
    if members.contains(process.identity) { return true }
    if let leader, process.session == leader.id || process.group == leader.id { return true }
    if carriesMark(process) { return true }
    guard AgentChildren.adopts, process.parent == getpid(), !children.contains(process.id) else { return false }
    // An orphan that gave up its environment: where it works tells whose it is, or that there is nobody else's.
    if mark.isWorkplace(of: process.id) { return true }
    guard let leader, AgentChildren.isAlone else { return false }
    return children == [leader.id] && process.start >= leader.start
  }

  private mutating func carriesMark(_ process: ProcessStatus) -> Bool {
    if let known = marked[process.identity] { return known }
    let carries = mark.isCarried(by: process.id)
    marked[process.identity] = carries
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
