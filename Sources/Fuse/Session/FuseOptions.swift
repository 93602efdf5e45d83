/// The options of a mount.
package struct FuseOptions: Sendable, Hashable {
  /// The part of the mount's type after `fuse.`. It identifies the mounts of this program.
  package static let subtype = "beray-fs"

  /// The source in /proc/mounts, such as the server's address. Everyone can read it, so it must not be a secret.
  package var fileSystemName: String
  package var isReadOnly = false
  /// Whether other users may use the mount. Unless root mounts, /etc/fuse.conf must contain `user_allow_other`.
  package var allowsOthers = false
  /// Whether root may use the mount, in addition to the user who mounted it. It has the same requirement as
  /// ``allowsOthers``.
  package var allowsRoot = false
  /// Whether fusermount3 keeps running and unmounts when this process ends, however it ends.
  package var unmountsWithProcess = false
  /// Further options of mount(8), such as `noexec`.
  package var further: [String] = []
  /// How many threads receive requests. Few are enough, because they never wait for the network or a disk.
  package var threads = 3

  package init(fileSystemName: String) { self.fileSystemName = fileSystemName }

  /// The options in the form of `-o`. With `default_permissions`, the kernel checks owner and mode, so that open(2) and
  /// access(2) behave as on a local file system.
  var list: String {
    var options = ["fsname=\(Self.escaped(fileSystemName))", "subtype=\(Self.subtype)", "default_permissions"]
    if isReadOnly { options.append("ro") }
    // libfuse accepts only one of them.
    if allowsOthers { options.append("allow_other") } else if allowsRoot { options.append("allow_root") }
    if unmountsWithProcess { options.append("auto_unmount") }
    return (options + further).joined(separator: ",")
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
  }
}
