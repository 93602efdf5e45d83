import Beray
import BerayAPI

/// Keeps a task list up to date. Redraws it on a terminal, and elsewhere prints a line for each change.
struct TaskWatch {
  let list: TaskList
  let connection: Connection

  func run(in context: Context) async throws {
    var shown: [TaskID: TaskStatus] = [:]
    var isFirst = true
    var patience = OutageLimit()
    while true {
      do {
        let listing = try list.listing(of: await connection.client.tasks())
        patience.succeeded()
        if context.terminal.output.isTerminal, !list.output.json {
          try draw(listing, context)
        } else {
          let changed = listing.tasks.filter { shown[$0.id] != $0.status }
          try printChanges(changed.reversed(), isFirst: isFirst, context)
          shown = Dictionary(uniqueKeysWithValues: listing.tasks.map { ($0.id, $0.status) })
          isFirst = false
        }
      } catch let error as BerayError where patience.allows(error) {}
      try await context.pause(TaskList.interval)
    }
  }

  private func draw(_ listing: TaskListing, _ context: Context) throws(OutputClosed) {
    try context.terminal.write(Array("\u{1B}[H\u{1B}[J".utf8))
    try context.show(listing, list.output)
  }

  private func printChanges(_ tasks: [BerayTask], isFirst: Bool, _ context: Context) throws(OutputClosed) {
    if list.output.json {
      for task in tasks { try context.terminal.print(task.raw.serialized()) }
      return
    }
    let changes = TaskListing(tasks, filter: TaskFilter(), limit: nil)
    let lines = changes.lines(on: Page(now: context.now()))
    for line in lines.dropFirst(isFirst ? 0 : 1) { try context.terminal.print(line) }
  }
}
