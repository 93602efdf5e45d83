import BerayAPI
import Fuse
import Glibc
import LinuxSystem
import VFS

/// The state of a mount, found without hanging on it.
struct MountState {
  enum State: String {
    case live
    /// The process lives but does not answer.
    case silent
    /// The mount belongs to another user, and nobody else can look into it.
    case foreign
    /// The process was gone, so the mount was removed.
    case cleared
    /// The process is gone, but the mount could not be removed.
    case stale
  }

  let mountpoint: String
  let server: String
  let process: Int32?
  let log: String?
  /// The version of the program that serves it; nil without a record.
  let version: String?
  let state: State
  /// The content of `.beray/status.json`.
  let status: JSON?

  init(_ mount: Mount, record: MountRecord.Fields?) {
    mountpoint = mount.mountpoint
    server = mount.source
    log = record?.log
    version = record.map { $0.version ?? "unknown" }
    switch MountLiveness.of(mount) {
    case .stale, .dying:
      // Frees the programs that hang in the mount, and keeps others from failing on it.
      do throws(UnmountError) {
        try Unmounter(mount).clear()
        state = .cleared
      } catch {
        state = .stale
      }
      process = nil
      status = nil
    case .live(let process):
      self.process = record?.process ?? process?.rawValue
      // Read it in a child process: a read in a mount whose process hangs never ends.
      let cat = Spawn(executable: "/bin/cat", arguments: ["cat", mount.mountpoint + "/.beray/status.json"])
      let run = try? ProgramRun(cat, timeout: .seconds(2))
      status = run.flatMap { $0.succeeded ? try? JSON(parsing: $0.output) : nil }
      state = status != nil ? .live : Self.isForeign(mount) ? .foreign : .silent
    }
  }

  private static func isForeign(_ mount: Mount) -> Bool {
    mount.options.contains { $0.hasPrefix("user_id=") && $0 != "user_id=\(getuid())" }
  }

  var json: JSON {
    [
      "mountpoint": .string(mountpoint), "server": .string(server), "state": .string(state.rawValue),
      "pid": process.map { JSON($0) } ?? .null, "log": log.map { .string($0) } ?? .null,
      "version": version.map { .string($0) } ?? .null, "status": status ?? .null,
    ]
  }

  /// Summarizes `.beray/status.json`: whether the server answers and accepts the token, and how many uploads are
  /// pending.
  static func summary(of status: JSON) -> String {
    var words = ["live"]
    if let connection = status["connection"]?["state"]?.stringValue, connection != "connected" {
      words.append(ShownText.escaped(connection))
    }
    if let pending = status["pending_uploads"]?.arrayValue?.count, pending > 0 {
      words.append(pending == 1 ? "1 upload pending" : "\(pending) uploads pending")
    }
    return words.joined(separator: ", ")
  }

  /// Whether another version of the program serves the mount.
  private var isOutdated: Bool { version.map { $0 != Version.text } ?? false }

  /// The state in a few words.
  var summary: String {
    switch state {
    case .live: Self.summary(of: status ?? .null) + (isOutdated ? ", another version: see 'beray-fs restart'" : "")
    case .silent: "does not answer"
    case .foreign: "of another user"
    case .cleared: "its process was gone; cleared"
    case .stale: "its process is gone; 'beray-fs unmount' clears it"
    }
  }
}
