import ArgumentParser
import Logging

/// `beray-fs doctor`.
struct DoctorCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check that this machine has what a mount needs.",
    usage: "beray-fs doctor [<options>]",
    discussion: """
      Each line is PASS, WARN or FAIL, with advice on how to fix it. The exit status is 1 if any line is FAIL. Doctor \
      starts and changes nothing; it only makes directories that beray-fs needs and that are missing.

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
