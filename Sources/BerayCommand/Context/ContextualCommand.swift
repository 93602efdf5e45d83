import ArgumentParser

/// A command that reaches the outside world only through a ``Context``, so that tests can run it in process.
protocol ContextualCommand: AsyncParsableCommand {
  func run(in context: Context) async throws
}
