import ArgumentParser
import Beray
import BerayAPI

/// How a user refers to a task.
enum TaskReference: Hashable, Sendable {
  case id(TaskID)
  /// The newest task.
  case last

  /// Parses a task's number, its directory name such as `42-write-docs`, `last` or `@`.
  @Sendable static func read(_ text: String) throws -> TaskReference {
    if text == "last" || text == "@" { return .last }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.count == text.count || text.dropFirst(digits.count).hasPrefix("-"), let id = TaskID(String(digits))
    else {
      throw ValidationError(
        "'\(text)' is not a task: give its number, or 'last'; 'beray-fs task list' shows your tasks")
    }
    return .id(id)
  }

  /// - Throws: an error if the server cannot be asked for the newest task, or there is none.
  func resolved(by client: BerayClient) async throws -> TaskID {
    switch self {
    case .id(let id): return id
    case .last:
      guard let newest = try await client.tasks().map(\.id).max() else {
        throw CommandError("there is no task yet", advice: "start one: beray-fs task create GOAL")
      }
      return newest
    }
  }
}

/// The task that a command is about.
struct TaskSelection: ParsableArguments {
  @Argument(
    help: "The task: its number, or 'last'.", completion: Completions.tasks, transform: TaskReference.read)
  var task: TaskReference
}

/// The tasks that a command is about.
struct TasksSelection: ParsableArguments {
  @Argument(
    help: "The tasks: their numbers, or 'last'.", completion: Completions.tasks, transform: TaskReference.read)
  var tasks: [TaskReference]

  /// The tasks' ids in the given order, without duplicates.
  func resolved(by client: BerayClient) async throws -> [TaskID] {
    var ids: [TaskID] = []
    for task in tasks {
      let id = try await task.resolved(by: client)
      if !ids.contains(id) { ids.append(id) }
    }
    return ids
  }
}
