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
        if context.renderer(list.output).redraws {
          try draw(listing, context)
        } else {
          let changed = listing.tasks.filter { shown[$0.id] != $0.status }
          try context.renderer(list.output).each(ChangedTasks(tasks: changed.reversed(), areFirst: isFirst))
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
}

/// Tasks that are new or have changed, as further rows of one table.
private struct ChangedTasks: PayloadSeries {
  let tasks: [BerayTask]
  /// Whether the table begins with them.
  let areFirst: Bool

  var items: [JSON] { tasks.map(\.raw) }

  func lines(on page: Page) -> [String] {
    let lines = TaskListing(tasks, filter: TaskFilter(), limit: nil).lines(on: page)
    return Array(lines.dropFirst(areFirst ? 0 : 1))
  }
}
