import SystemPackage

/// `beray-fs serve --stop`.
struct LocalServerStop {
  /// The value of `--data`.
  let data: String?
  let context: Context

  /// Ends the server of the data directory, whoever started it.
  /// - Throws: ``CommandError`` if it works on tasks, which would end with it.
  func run() async throws {
    let paths = try context.paths()
    let data = self.data.map { FilePath(AbsolutePath.of($0)) } ?? paths.data
    guard let process = LocalServerProcess(at: paths.serverSocket(data: data)) else {
      return context.note("no server of \(data) runs")
    }
    let state = await LocalServerState.current(paths: paths, data: data, in: context)
    guard state.unfinished == 0 || state.unfinished == nil else {
      throw CommandError(
        "the server (\(process.description)) works on \(LocalServerState.count(state.unfinished))",
        advice: "wait for them or stop them ('beray-fs task list --status running' names them)")
    }
    try await Blocking.run { () throws(CommandError) in try process.end() }
    context.note("ended \(process.description)")
  }
}
