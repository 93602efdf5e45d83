import ArgumentParser
import Beray
import BerayAPI

/// `beray-fs task list`.
struct TaskList: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List your tasks, the newest first.",
    usage: "beray-fs task list [<options>]",
    discussion: """
      EXAMPLE:
        beray-fs task list
        beray-fs task list --status running,failed --search report
        beray-fs task list --watch
        beray-fs task list --all --json | jq -r '.[].id'
      """,
    aliases: ["ls"])

  @Option(
    help: ArgumentHelp(
      "Those with this status alone: \(TaskFilter.known.joined(separator: ", ")).", valueName: "status"),
    completion: .list(TaskFilter.known))
  var status: [String] = []

  @Option(help: ArgumentHelp("Those whose goal has this text.", valueName: "text"))
  var search: String?

  @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many; by default 30.", valueName: "n"))
  var limit: Int?

  @Flag(name: [.customShort("a"), .long], help: "All of them.")
  var all = false

  @Flag(name: [.customShort("w"), .long], help: "Show what changes, until Ctrl-C.")
  var watch = false

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  /// How often `--watch` asks for the list.
  static let interval = Duration.seconds(2)

  func validate() throws {
    _ = try filter()
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1; --all shows all") }
    if all, limit != nil { throw ValidationError("give --limit or --all, not both") }
  }

  func run(in context: Context) async throws {
    let connection = try await context.connection(server)
    if watch { return try await TaskWatch(list: self, connection: connection).run(in: context) }
    let listing = try listing(of: await connection.client.tasks())
    try context.show(listing, output)
    if listing.tasks.isEmpty { context.note("no task fits", beside: output) }
    if listing.hidden > 0 { context.note("\(listing.hidden) more; --all shows them") }
  }

  func listing(of tasks: [BerayTask]) throws -> TaskListing {
    TaskListing(tasks, filter: try filter(), limit: all ? nil : limit ?? 30)
  }

  private func filter() throws -> TaskFilter {
    switch TaskFilter.phases(status) {
    case .success(let phases): return TaskFilter(phases: phases, search: search)
    case .failure(let unknown): throw ValidationError("--status: \(unknown.sentence)")
    }
  }
}
