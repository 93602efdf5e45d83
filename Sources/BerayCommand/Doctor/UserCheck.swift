import Beray
import BerayAPI
import Glibc
import SystemPackage

/// Checks the user's settings, directories and agent, the local server, and the chosen server.
struct UserCheck {
  let context: Context

  func findings(_ options: ServerOptions) async -> [Finding] {
    let paths: Paths
    do { paths = try context.paths() } catch { return [.fail("home", error.what, error.advice ?? "set HOME")] }
    let configuration: UserConfiguration
    do { configuration = try context.configuration() } catch {
      return [.fail("config.json", error.what, error.advice ?? "mend it")]
    }
    let choice = ServerChoice(flag: options.url, environment: context.environment, configuration: configuration)
    let name = if case .url(let url) = choice { url } else { "the local server" }
    var findings = [Finding.pass("config.json", "can be read; the server is \(name)")]
    findings += [
      directory("state", paths.state), directory("data", paths.data, isPrivate: true), space(paths),
    ]
    if choice == .local {
      findings.append(agent(configuration, paths))
      findings.append(await localServer(paths))
    }
    if choice != .local || LocalServerProcess(at: paths.serverSocket) != nil {
      findings.append(await account(options, name))
    }
    return findings
  }

  private func directory(_ name: String, _ path: FilePath, isPrivate: Bool = false) -> Finding {
    do {
      if isPrivate { try PrivateDirectory.make(path) } else { try PrivateDirectory.makeMissing(path) }
    } catch {
      return .fail(name, error.what, error.advice ?? "check who may write above \(path)")
    }
    guard access(path.string, W_OK | X_OK) == 0 else {
      return .fail(name, "\(path): \(String(cString: strerror(errno)))", "run: sudo chown -R $(id -u) '\(path)'")
    }
    return .pass(name, "\(path)")
  }

  private func space(_ paths: Paths) -> Finding {
    var status = statvfs()
    guard statvfs(paths.data.string, &status) == 0 else {
      return .warn("free space", String(cString: strerror(errno)), "check \(paths.data)")
    }
    let bytes = Int64(status.f_bavail) * Int64(status.f_frsize)
    let what = "\(Progress.size(bytes)) where \(paths.data) is"
    return bytes < 256 << 20
      ? .warn("free space", what, "free some, or name another directory by XDG_DATA_HOME") : .pass("free space", what)
  }

  private func agent(_ configuration: UserConfiguration, _ paths: Paths) -> Finding {
    do throws(CommandError) {
      let choice = try AgentOptions.choice(
        nil, paths: paths, configuration: configuration, environment: context.environment)
      _ = try choice.resolved(path: context.environment["PATH"])
      return .pass("agent", "\(choice.name), which is installed")
    } catch {
      return .fail("agent", error.what, error.advice ?? "run: beray-fs config set agent demo")
    }
  }

  private func localServer(_ paths: Paths) async -> Finding {
    let state = await LocalServerState.current(paths: paths, in: context)
    guard state.process != nil, state.tasks == nil else { return .pass("local server", state.summary) }
    return .fail("local server", state.summary, "see \(state.log); 'beray-fs serve --stop' ends it")
  }

  private func account(_ options: ServerOptions, _ name: String) async -> Finding {
    do {
      let wishes = ConnectionWishes(timeouts: Timeouts(metadata: .seconds(5)))
      let connection = try await context.connect(options, wishes, context)
      guard await connection.hasToken() else {
        return .fail("server", "\(name) needs a login", "run: \(ErrorAdvice(url: options.url).command("login"))")
      }
      let user = try await connection.client.currentUser()
      return .pass("server", "\(name) answers, and knows you as \(user.email ?? user.id ?? "its user")")
    } catch let error as BerayError {
      let advice = ErrorAdvice(url: options.url)
      return .fail("server", "\(name): \(error.reason)", advice.text(for: error) ?? "check --url")
    } catch {
      return .fail("server", ErrorText.sentence(for: error), "check --url and the token")
    }
  }
}
