import ArgumentParser
import Beray
import BerayAPI
import BerayServer
import Dispatch
import Glibc
import Logging
import Synchronization

/// Shell completions for tasks, their files and agent presets.
enum Completions {
  /// The numbers of tasks, newest first, then `last`.
  static var tasks: CompletionKind {
    .custom { words, _, _ in
      answer(to: words) { client in
        let ids = try await client.tasks().map(\.id).sorted(by: >)
        return ids.isEmpty ? [] : ids.prefix(100).map(\.description) + ["last"]
      }
    }
  }

  /// The names of the agent presets, and `auto`.
  static var presets: CompletionKind { .list(AgentPreset.all.map(\.name) + ["auto"]) }

  /// Paths in the work directory of the task that the line names.
  static var taskFiles: CompletionKind {
    .custom { words, index, prefix in
      guard let task = task(in: words.prefix(index)) else { return [] }
      return answer(to: words) { client in
        let id = try await task.resolved(by: client)
        let names = prefix.split(separator: "/", omittingEmptySubsequences: false)
        let directory = names.dropLast().map { $0 + "/" }.joined()
        let entries = try await client.fileTree(of: id, path: directory.isEmpty ? "." : directory)
        return entries.map { directory + $0.name + ($0.kind == .directory ? "/" : "") }
      }
    }
  }

  /// The first word after `file COMMAND` that names a task.
  static func task(in words: some Collection<String>) -> TaskReference? {
    guard let start = words.firstIndex(of: "file") else { return nil }
    return words[start...].dropFirst(2).lazy.compactMap { try? TaskReference.read($0) }.first
  }

  /// How long the shell waits for an answer.
  private static let limit = Duration.seconds(2)

  /// Asks the server that the command line names. Does not start the local server. Hides failures, because messages
  /// would garble the prompt.
  private static func answer(
    to words: [String], _ body: @escaping @Sendable (BerayClient) async throws -> [String]
  ) -> [String] {
    let options = ServerOptions.given(in: words)
    let found = Found()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      if let connection = try? await connection(options), let words = try? await body(connection.client) {
        found.words.withLock { $0 = words }
      }
      done.signal()
    }
    // The argument parser needs the answer synchronously.
    _ = done.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1))))
    return found.words.withLock { $0 }
  }

  private final class Found: Sendable {
    let words = Mutex<[String]>([])
  }

  private static func connection(_ options: ServerOptions) async throws -> Connection? {
    // The parser calls for completions without a context.
    let context = Context.process
    let choice = ServerChoice(
      flag: options.url, environment: context.environment, configuration: try context.configuration())
    if choice == .local, LocalServerProcess(at: try context.paths().serverSocket) == nil { return nil }
    return try await Connection.open(
      options, ConnectionWishes(timeouts: Timeouts(metadata: limit)),
      logger: Logger(label: "client") { _ in SwiftLogNoOpLogHandler() },
      in: context)
  }
}
