import Foundation
import PackagePlugin

/// Tells the program which commit it is built from. Nothing that is made lies in the repository.
@main
struct BuildCommit: BuildToolPlugin {
  /// The file changes only with the commit, so that nothing is built anew without need. Without a repository,
  /// `BERAY_COMMIT` counts.
  private static let script = """
    commit=$(git -C "$0" rev-parse --short=12 HEAD 2>/dev/null || true)
    commit=${commit:-${BERAY_COMMIT:-}}
    text="enum BuildCommit { static let text: String? = ${commit:+\\"$commit\\"}"
    [ -n "$commit" ] || text="${text}nil"
    [ "$(cat "$1" 2>/dev/null)" = "$text }" ] || echo "$text }" >"$1"
    """

  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let directory = context.pluginWorkDirectoryURL
    return [
      .prebuildCommand(
        displayName: "Looking up the commit", executable: URL(fileURLWithPath: "/bin/sh"),
        arguments: [
          "-c", Self.script, context.package.directoryURL.path,
          directory.appendingPathComponent("BuildCommit.swift").path,
        ],
        outputFilesDirectory: directory)
    ]
  }
}
