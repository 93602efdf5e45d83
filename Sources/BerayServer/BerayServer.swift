internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdTLS
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import SystemPackage

/// A complete BeRay server for one machine: users, tasks, their events and files, and the agents that work on them.
///
/// The agents of all users run under the server's own uid, so the users of one server must trust each other.
package struct BerayServer: Sendable {
  private let configuration: ServerConfiguration
  private let clock: any Clock<Duration>
  private let onReady: @Sendable (BoundAddresses) -> Void

  /// - Parameters:
  ///   - configuration: the settings of the server.
  ///   - clock: measures idle time and the pauses of streams.
  ///   - onReady: called once, when the server listens on all its addresses.
  package init(
    _ configuration: ServerConfiguration, clock: any Clock<Duration> = ContinuousClock(),
    onReady: @escaping @Sendable (BoundAddresses) -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.clock = clock
    self.onReady = onReady
  }

  /// Serves until the task is cancelled, the surrounding service group shuts down, or the idle timeout passes without
  /// use. Then it stops all agents. Tasks that wait for one stay pending for the next start.
  ///
  /// - Throws: ``ServerError`` if the server cannot start.
  package func run() async throws {
    try configuration.check()
    let logger = configuration.logger
    let dataDirectory = try await DataDirectory(
      configuration.dataDirectory, lockWait: configuration.lockWait, clock: clock, logger: logger)
    let store = try Store(path: dataDirectory.databasePath)
    if configuration.adoptsOrphans { AgentChildren.adoptOrphans() }
    try CrashRecovery.run(store, paths: dataDirectory.paths(of:), logger: logger)
    let localTokenHash = try await LocalToken.ensure(in: dataDirectory.path, store: store)

    let hub = EventHub()
    let runner = TaskRunner(
      TaskRunner.Configuration(
        command: configuration.agent, named: configuration.agentNamed,
        environment: configuration.environment, environmentNames: configuration.agentEnvironment,
        maximumTasks: configuration.maximumTasks, grace: configuration.stopGrace),
      store: store, hub: hub, paths: dataDirectory.paths(of:), logger: logger)
    let threads = NIOThreadPool(numberOfThreads: max(4, System.coreCount))
    threads.start()
    let services = Services(
      store: store, hub: hub, runner: runner, accounts: Accounts(store: store, logger: logger),
      localTokenHash: localTokenHash, appends: RecentAnswers(),
      activity: Activity(),
      cleaner: StoreCleaner(store: store, threads: threads, logger: logger), threads: threads,
      dataDirectory: dataDirectory,
      allowsRegistration: configuration.tcp?.isOpenToRegistration ?? false,
      isBehindProxy: configuration.tcp?.isBehindProxy ?? false,
      version: configuration.version, standardSource: configuration.source, maximumUpload: configuration.maximumUpload,
      clock: clock, logger: logger)

    try removeForgottenFiles(dataDirectory, store)
    services.cleaner.wake()
    for task in try store.pendingTasks() { runner.submit(task) }
    let result: Result<Void, any Error>
    do { result = .success(try await serve(services)) } catch { result = .failure(error) }
    await runner.shutDown()
    await services.accounts.passwords.shutDown()
    await services.accounts.strangers.shutDown()
    try? await threads.shutdownGracefully()
    dataDirectory.unlock()
    try result.get()
  }

  /// Removes files of deleted tasks that could not be removed earlier.
  private func removeForgottenFiles(_ dataDirectory: DataDirectory, _ store: Store) throws {
    let tasks = try store.taskIDs()
    for task in try dataDirectory.tasksWithFiles() where !tasks.contains(task) {
      do {
        try dataDirectory.removeFiles(of: task)
      } catch {
        configuration.logger.warning("the files of the deleted task \(task) could not be removed: \(error)")
      }
    }
  }

  private func serve(_ services: Services) async throws {
    let listeners = try Listeners(configuration, services, onReady: onReady)
    defer { listeners.removeSocket() }
    let group = ServiceGroup(
      configuration: {
        var settings = ServiceGroupConfiguration(services: listeners.applications, logger: Self.quiet)
        settings.maximumGracefulShutdownDuration = .seconds(5)
        return settings
      }())
    let shutDown: @Sendable () -> Void = { [runner = services.runner, hub = services.hub] in
      Task {
        // First the tasks, so that followers learn how theirs ended. Then the streams, because listeners wait for them.
        await runner.shutDown()
        hub.close()
        await group.triggerGracefulShutdown()
      }
    }
    // An unstructured task, so that cancellation leads to a graceful shutdown instead of cancelling the services.
    let serving = Task { try await group.run() }
    let idle = configuration.idleTimeout.map { timeout in
      Task { [clock] in
        try await services.activity.closeWhenIdle(for: timeout, clock: clock) { services.runner.isBusy }
        services.logger.info("the server ends after \(timeout) without use")
        shutDown()
      }
    }
    defer { idle?.cancel() }
    do {
      try await withTaskCancellationHandler {
        try await withGracefulShutdownHandler {
          try await serving.value
        } onGracefulShutdown: {
          shutDown()
        }
      } onCancel: {
        shutDown()
      }
    } catch let error as IOError {
      throw ServerError.cannotListen(listeners.description, reason: String(cString: strerror(error.errnoCode)))
    }
  }

  /// Drops the log of the service group, which reports every step. The server's log is for what matters to people.
  private static let quiet = Logger(label: "beray-fs.server.lifecycle") { _ in SwiftLogNoOpLogHandler() }
}
