import ArgumentParser
import BerayAPI
import BerayClient
import Fuse
import Logging
import SystemPackage

/// `beray-fs status`.
struct StatusCommand: AsyncParsableCommand {
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

  func run() async throws {
    try logging.start(level: .error)
    let environment = Environment.current()
    let paths = try Paths(environment: environment)
    let running = RunningMount.all(in: paths.mountRecords)
    let mounts = MountTable.current().ofBerayFS.map { mount in
      MountState(mount, record: running.first { $0.fields.mountpoint == mount.mountpoint }?.fields)
    }
    let server = await LocalServerState.current(paths: paths)
    if output.json {
      let json: JSON = ["mounts": .array(mounts.map(\.json)), "server": server.json]
      return try Terminal.print(json.serialized())
    }
    if mounts.isEmpty {
      try Terminal.print("no mounts")
    } else {
      var table = Table("MOUNTPOINT", "SERVER", "STATE", "PID", "LOG")
      for mount in mounts {
        table.append(
          mount.mountpoint, mount.server, mount.summary, mount.process.map(String.init) ?? "-", mount.log ?? "-")
      }
      for line in table.lines { try Terminal.print(line) }
    }
    try Terminal.print("local server: \(server.summary)")
  }
}
