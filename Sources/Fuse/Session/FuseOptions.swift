/// How a file system is mounted.
public struct FuseOptions: Sendable, Hashable {
  /// The part of the mount's type behind `fuse.`, by which the mounts of this program are known.
  public static let subtype = "beray-fs"

  /// What stands as source in /proc/mounts, such as the server's address; never a secret.
  public var fileSystemName: String
  public var isReadOnly = false
  /// Other users may use the mount. For those who are not root, /etc/fuse.conf must have `user_allow_other`.
  public var allowsOthers = false
  /// Root may use the mount beside who mounted. Takes what ``allowsOthers`` takes.
  public var allowsRoot = false
  /// fusermount3 stays and unmounts when the process ends, however it ends.
  public var unmountsWithProcess = false
  /// Further options in the words of mount(8), such as `noexec`.
  public var further: [String] = []
  /// How many threads answer requests. None of them ever waits for more than memory.
  public var threads = 3

  public init(fileSystemName: String) { self.fileSystemName = fileSystemName }

  /// As `-o` takes them. The kernel always checks permissions by owner and mode (`default_permissions`), so that open(2)
  /// and access(2) give on them what they give elsewhere.
  var list: String {
    var options = ["fsname=\(Self.escaped(fileSystemName))", "subtype=\(Self.subtype)", "default_permissions"]
    if isReadOnly { options.append("ro") }
    // libfuse takes one or the other.
    if allowsOthers { options.append("allow_other") } else if allowsRoot { options.append("allow_root") }
    if unmountsWithProcess { options.append("auto_unmount") }
    return (options + further).joined(separator: ",")
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
  }
}
