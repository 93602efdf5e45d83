import ArgumentParser

/// `beray-fs completion`.
struct CompletionCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print the completion script for a shell.",
    usage: "beray-fs completion (bash | zsh | fish)",
    discussion: """
      Commands, options, paths, presets, settings, and the numbers of tasks are completed.

      EXAMPLE:
        source <(beray-fs completion bash)
        beray-fs completion bash > ~/.local/share/bash-completion/completions/beray-fs
        beray-fs completion zsh > ~/.zfunc/_beray-fs
        beray-fs completion fish > ~/.config/fish/completions/beray-fs.fish
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
    try context.terminal.print(RootCommand.completionScript(for: shell))
  }
}
