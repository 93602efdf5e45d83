import Foundation
import SystemPackage
import Testing

@testable import BerayCommand

/// What bash offers at TAB, asked as readline asks.
@Suite struct CompletionTests {
  private static let ask = """
    source "$0"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    _beray-fs beray-fs "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${COMPREPLY[*]}"
    """

  @Test(arguments: [
    (["tas"], "task"), (["--agent", "co"], "codex copilot"), (["mount", "--agent", "co"], "codex copilot"),
    (["task", "create", "--agent", "vi"], "vibe"), (["task", "cr"], "create"), (["agents", "test", "cl"], "claude"),
  ])
  func wordsAreOffered(_ words: [String], _ offered: String) async throws {
    let world = TestWorld()
    #expect(await world.run("completion", "bash") == 0)
    let script = world.scratch.path.appending("completion.bash")
    try world.scratch.write(world.output, to: script)
    let result = try BuiltProgram.run(
      program: "/bin/bash", ["-c", Self.ask, script.string, "beray-fs"] + words, in: world.scratch)
    #expect(result.output == offered + "\n", "\(result)")
  }
}
