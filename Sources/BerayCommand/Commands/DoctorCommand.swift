import ArgumentParser
import Logging

/// `beray-fs doctor`.
struct DoctorCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look whether all is there that a mount needs.",
    usage: "beray-fs doctor [<options>]",
    discussion: """
      Each line is PASS, WARN or FAIL, with the line that mends it. The exit status is 1 where one is FAIL. Nothing is \
      started or changed, but directories of your own that are missing are made.

      EXAMPLE:
        beray-fs doctor
        beray-fs doctor --json | jq '.[] | select(.verdict != "PASS")'
      """)

  @OptionGroup var server: ServerOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    try context.startLog(server.logging, .error)
    let system = SystemCheck(environment: context.environment).findings
    let findings = Findings(all: system + (await UserCheck(context: context).findings(server)))
    try context.show(findings, output)
    if findings.hasFailure { throw ExitCode(1) }
  }
}
