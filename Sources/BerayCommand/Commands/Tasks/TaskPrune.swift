import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs task prune`.
struct TaskPrune: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Delete old tasks with their files, after asking.",
    usage: "beray-fs task prune [--older-than <time>] [--status <status>] [<options>]",
    discussion: """
      Only tasks that have ended are deleted.

      EXAMPLE:
        beray-fs task prune --older-than 7d
        beray-fs task prune --status failed,stopped --yes
        beray-fs task prune --older-than 30d --dry-run
      """)

  @Option(
    help: ArgumentHelp("Those that ended so long ago, such as 12h or 7d.", valueName: "time"),
    transform: DurationOption.read)
  var olderThan: Int64?

  @Option(
    help: ArgumentHelp("Those with this status alone: completed, failed, stopped.", valueName: "status"),
    completion: .list(["completed", "failed", "stopped"]))
  var status: [String] = []

  @Flag(name: [.customShort("n"), .long], help: "Only list them.")
  var dryRun = false

  @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func validate() throws {
    if olderThan == nil, status.isEmpty {
      throw ValidationError("say which: --older-than TIME, --status STATUS, or both")
    }
    let chosen: Set<TaskStatus.Phase>
    switch TaskFilter.phases(status) {
    case .success(let phases): chosen = phases
    case .failure(let unknown): throw ValidationError("--status: \(unknown.sentence)")
    }
    guard chosen.isDisjoint(with: [.pending, .running]) else {
      throw ValidationError("--status: a task that has not ended is not pruned; stop it first")
    }
  }

  func run(in context: Context) async throws {
    let client = try await context.connection(server).client
    let now = context.now()
    let old = try await client.tasks().filter { isChosen($0, now: now) }
    let listing = TaskListing(old, filter: TaskFilter(), limit: nil)
    if old.isEmpty || dryRun {
      try context.show(listing, output)
      return context.note(old.isEmpty ? "no task fits" : "\(Self.count(old)) would be deleted")
    }
    if !yes {
      guard context.terminal.canAsk else {
        throw CommandError.badUse(
          "\(Self.count(old)) would be deleted, and there is no terminal to ask on", advice: "use --yes")
      }
      for line in listing.lines(on: Page(columns: context.terminal.columns(), now: now)) { context.note(line) }
      guard try context.terminal.confirms("Delete \(Self.count(old)) with their files?") else {
        throw CommandError("nothing was deleted")
      }
    }
    try await delete(listing.tasks, client, context)
  }

  private func delete(_ tasks: [BerayTask], _ client: BerayClient, _ context: Context) async throws {
    var deleted: [TaskID] = []
    var hasFailed = false
    for task in tasks {
      do {
        try await client.deleteTask(task.id)
        deleted.append(task.id)
      } catch  where error.code == .notFound {
        // Someone else has already deleted the task.
      } catch {
        hasFailed = true
        context.note("beray-fs: task \(task.id): \(ErrorText.sentence(for: error, advice: ErrorAdvice(.tasks)))")
      }
    }
    try context.show(PrunedTasks(ids: deleted), output)
    if hasFailed { throw ExitCode(1) }
  }

  private func isChosen(_ task: BerayTask, now: UTCTime) -> Bool {
    guard task.status.isFinished else { return false }
    if case .success(let phases) = TaskFilter.phases(status), !phases.isEmpty, !phases.contains(task.status.phase) {
      return false
    }
    guard let olderThan else { return true }
    guard let end = task.endedAt ?? task.createdAt else { return false }
    return now.seconds - end.seconds >= olderThan
  }

  private static func count(_ tasks: [BerayTask]) -> String { tasks.count == 1 ? "1 task" : "\(tasks.count) tasks" }
}

/// The tasks that were deleted.
struct PrunedTasks: Payload {
  let ids: [TaskID]

  var json: JSON { ["deleted": .array(ids.map { JSON($0.rawValue) })] }
  func lines(on page: Page) -> [String] { ["\(ids.count) deleted"] }
}
