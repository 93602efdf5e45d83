import ArgumentParser

/// `beray-fs completion`.
struct CompletionCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print the completion script for a shell.",
    usage: "beray-fs completion (bash | zsh | fish)",
    discussion: """
      Commands, options, paths, presets, settings, and the numbers of tasks are completed. To have it in every shell, \
      write it to ~/.local/share/bash-completion/completions/beray-fs, to _beray-fs in a directory of zsh's $fpath, or \
      to ~/.config/fish/completions/beray-fs.fish.

      EXAMPLE:
        source <(beray-fs completion bash)
      """)

  @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
  var shell: String

  func validate() throws {
    guard CompletionShell(rawValue: shell) != nil else {
      throw ValidationError("there is no completion for '\(shell)': give bash, zsh or fish")
    }
  }

  func run(in context: Context) async throws {
    guard let shell = CompletionShell(rawValue: shell) else { return }
    try context.terminal.print(CompletedCommand.completionScript(for: shell))
  }
}

/// The command that completion scripts describe. `beray-fs` without a subcommand mounts, so it has the most used
/// options of `mount`. It has no operands, because they would hide the subcommands.
private struct CompletedCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    let root = RootCommand.configuration
    return CommandConfiguration(commandName: root.commandName, abstract: root.abstract, subcommands: root.subcommands)
  }

  @OptionGroup var agent: AgentOptions
  @OptionGroup var server: ServerOptions
}
