import BerayAPI

/// Selects the tasks of a list.
struct TaskFilter: Hashable, Sendable {
  /// Empty matches every phase.
  var phases: Set<TaskStatus.Phase> = []
  /// Text in the goal, ignoring case, or a task's exact id.
  var search: String?

  func matches(_ task: BerayTask) -> Bool {
    guard phases.isEmpty || phases.contains(task.status.phase) else { return false }
    guard let search = search?.lowercased() else { return true }
    return task.goal.lowercased().contains(search) || task.id.description == search
  }

  /// Parses words such as `RUNNING` or `completed,failed`.
  static func phases(_ words: [String]) -> Result<Set<TaskStatus.Phase>, UnknownStatus> {
    var phases: Set<TaskStatus.Phase> = []
    for word in words.flatMap({ $0.split(separator: ",") }) {
      let phase = TaskStatus(String(word)).phase
      if phase == .unknown { return .failure(UnknownStatus(word: String(word))) }
      phases.insert(phase)
    }
    return .success(phases)
  }

  struct UnknownStatus: Error, Hashable {
    var word: String
    var sentence: String { "there is no status '\(word)': give \(TaskFilter.known.joined(separator: ", "))" }
  }

  static let known = ["pending", "running", "completed", "failed", "stopped"]
}

/// Tasks as a table, the newest first.
struct TaskListing: Payload {
  /// The tasks to show.
  let tasks: [BerayTask]
  /// How many more tasks match the filter.
  let hidden: Int

  init(_ all: [BerayTask], filter: TaskFilter, limit: Int?) {
    let fitting = all.filter(filter.matches).sorted { $0.id > $1.id }
    tasks = Array(fitting.prefix(limit ?? .max))
    hidden = fitting.count - tasks.count
  }

  var json: JSON { .array(tasks.map(\.raw)) }

  func lines(on page: Page) -> [String] {
    var table = Table("ID", "STATUS", "AGE", "TOOK", "GOAL")
    for task in tasks { table.append(Self.cells(task, now: page.now)) }
    return table.lines(on: page)
  }

  static func cells(_ task: BerayTask, now: UTCTime) -> [Table.Cell] {
    let age: String = task.createdAt.map { TimeText.span(seconds: now.seconds - $0.seconds) } ?? "-"
    let duration: String = task.duration(now: now).map { TimeText.span(seconds: $0) } ?? "-"
    return [
      Table.Cell(task.id.description), Table.Cell(task.status.text, Style(task.status)), Table.Cell(age),
      Table.Cell(duration), Table.Cell(GoalText.firstLine(task.goal)),
    ]
  }
}
