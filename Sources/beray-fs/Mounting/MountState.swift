import BerayAPI
import Fuse
import VFS

/// What can be told of a mount without ever hanging on it.
struct MountState {
  enum State: String {
    case live
    /// The process lives, and gives no answer.
    case silent
    /// The process is gone.
    case stale
  }

  let mountpoint: String
  let server: String
  let process: Int32?
  let log: String?
  let state: State
  /// `.beray/status.json`.
  let status: JSON?

  init(_ mount: Mount, record: MountRecord.Fields?) {
    mountpoint = mount.mountpoint
    server = mount.source
    log = record?.log
    switch MountLiveness.of(mount) {
    case .stale:
      state = .stale
      process = nil
      status = nil
    case .live(let process):
      self.process = record?.process ?? process?.rawValue
      let bytes = CommandOutput.of(["/bin/cat", mount.mountpoint + "/.beray/status.json"], timeout: .seconds(2))
      status = bytes.flatMap { try? JSON(parsing: $0) }
      state = status == nil ? .silent : .live
    }
  }

  var json: JSON {
    [
      "mountpoint": .string(mountpoint), "server": .string(server), "state": .string(state.rawValue),
      "pid": process.map { JSON($0) } ?? .null, "log": log.map { .string($0) } ?? .null, "status": status ?? .null,
    ]
  }

  /// The state in a few words.
  var summary: String {
    switch state {
    case .live: status?["connection"]?.stringValue.map { "live, \($0)" } ?? "live"
    case .silent: "does not answer"
    case .stale: "its process is gone; 'beray-fs unmount' clears it"
    }
  }
}
