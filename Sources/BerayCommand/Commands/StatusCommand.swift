import ArgumentParser
import Beray
import BerayAPI
import Fuse
import Logging
import SystemPackage

/// `beray-fs status`.
struct StatusCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show the mounts and the local server.",
    discussion: """
      EXAMPLE:
        beray-fs status
        beray-fs status --json | jq '.mounts[].mountpoint'
      """)

  @OptionGroup var logging: LogOptions
  @OptionGroup var output: JSONOption

  func run(in context: Context) async throws {
    try context.startLog(logging, .error)
    let paths = try context.paths()
    let running = RunningMount.all(in: paths.mountRecords)
    let mounts = MountTable.current().ofBerayFS.map { mount in
      MountState(mount, record: running.first { $0.fields.mountpoint == mount.mountpoint }?.fields)
    }
    try context.show(MachineState(mounts: mounts, server: await .current(paths: paths, in: context)), output)
  }
}

/// The mounts and the local server of this machine.
private struct MachineState: Payload {
  let mounts: [MountState]
  let server: LocalServerState

  var json: JSON { ["mounts": .array(mounts.map(\.json)), "server": server.json] }

  func lines(on page: Page) -> [String] {
    var table = Table("MOUNTPOINT", "SERVER", "STATE", "PID", "LOG")
    for mount in mounts {
      table.append(
        mount.mountpoint, mount.server, mount.summary, mount.process.map(String.init) ?? "-", mount.log ?? "-")
    }
    let shown = mounts.isEmpty ? ["no mounts"] : table.lines(on: page)
    return shown + ["local server: \(ShownText.escaped(server.summary))"]
  }
}
