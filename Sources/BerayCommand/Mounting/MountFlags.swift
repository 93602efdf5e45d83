import Glibc

/// The options of `-o`, named as in sshfs and mount(8).
struct MountFlags: Hashable, Sendable {
  var isReadOnly = false
  var allowsOthers = false
  var fileSystemName: String?
  var unmountsWithProcess = false
  /// Mount even if the server cannot be reached, as at boot by fstab(5).
  var allowsOffline = false
  /// The next fields repeat options of the command, because a line of fstab(5) can only pass `-o`.
  var tokenFile: String?
  var caFile: String?
  var sendsInsecurely = false
  /// Seconds.
  var timeout: Double?
  /// Seconds.
  var freshness: Double?
  var cacheMiB: Int?
  var refusesMkdir = false
  /// The owner of everything in the mount; by default the user who mounts.
  var user: UInt32?
  var group: UInt32?
  /// The permissions to take away. Nil gives access to the owner alone.
  var umask: UInt16?
  /// Root may use the mount, besides the user who mounted it.
  var allowsRoot = false
  /// Kernel options to pass on, such as `noexec`.
  var further: [String] = []

  /// The known options, for messages.
  static let known = """
    ro, allow_other, allow_root, uid=USER, gid=GROUP, umask=MODE, fsname=NAME, auto_unmount, offline_ok; and for \
    fstab token_file=FILE, ca_file=FILE, insecure_http, timeout=S, freshness=S, cache_size=MIB, no_mkdir
    """

  /// Options of mount(8) and fstab(5) that change nothing here. The kernel applies them anyway (nosuid, nodev,
  /// default_permissions), or there is nothing for them to change (access times, devices).
  private static let ignored: Set<String> = [
    "defaults", "auto", "noauto", "user", "nouser", "users", "nousers", "owner", "noowner", "group", "nogroup",
    "_netdev", "nofail", "async", "suid", "nosuid", "dev", "nodev", "exec", "atime", "diratime", "nodiratime",
    "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "silent", "loud", "mand",
    "nomand", "iversion", "noiversion", "symfollow", "default_permissions",
  ]

  private static let ignoredPrefixes = ["x-", "X-", "comment=", "user=", "uhelper=", "helper="]

  private static let handedOn: Set<String> = ["noexec", "noatime", "sync", "dirsync"]

  private static let handedOnPrefixes = ["context=", "fscontext=", "defcontext=", "rootcontext="]

  init() {}

  /// - Parameter lists: comma-separated lists. In a value, `\,` stands for a comma.
  init(parsing lists: [String]) throws(CommandError) {
    for list in lists {
      for option in Self.split(list) where !option.isEmpty { try add(option) }
    }
  }

  private mutating func add(_ option: String) throws(CommandError) {
    switch option {
    case "ro": isReadOnly = true
    case "rw": isReadOnly = false
    case "allow_other": allowsOthers = true
    case "allow_root": allowsRoot = true
    case "auto_unmount": unmountsWithProcess = true
    case "offline_ok": allowsOffline = true
    case "insecure_http": sendsInsecurely = true
    case "no_mkdir": refusesMkdir = true
    case _ where Self.handedOn.contains(option) || Self.handedOnPrefixes.contains(where: option.hasPrefix):
      further.append(option)
    case _ where Self.ignored.contains(option) || Self.ignoredPrefixes.contains(where: option.hasPrefix): break
    default: try addPair(option)
    }
  }

  /// Adds an option of the form `NAME=VALUE`.
  private mutating func addPair(_ option: String) throws(CommandError) {
    let value = option.firstIndex(of: "=").map { String(option[option.index(after: $0)...]) } ?? ""
    func number<Number: LosslessStringConvertible>() throws(CommandError) -> Number {
      guard let number = Number(value) else { throw .badUse("-o \(option) is not a number") }
      return number
    }
    switch value.isEmpty ? nil : option.prefix(while: { $0 != "=" }) {
    case "fsname": fileSystemName = value
    case "uid": user = try SystemUser.user(value)
    case "gid": group = try SystemUser.group(value)
    case "umask":
      guard let mask = UInt16(value, radix: 8), mask <= 0o777 else {
        throw .badUse("-o \(option) is no mode such as 022")
      }
      umask = mask
    case "token_file": tokenFile = value
    case "ca_file": caFile = value
    case "timeout": timeout = try number()
    case "freshness": freshness = try number()
    case "cache_size": cacheMiB = try number()
    default: throw .badUse("-o \(option) is not known", advice: "known are \(Self.known)")
    }
  }

  /// The value of `-o` for the process in the background. Leaves out what ``MountCommand`` passes as its own options.
  var list: String {
    var words: [String] = []
    if isReadOnly { words.append("ro") }
    if allowsOthers { words.append("allow_other") }
    if allowsRoot { words.append("allow_root") }
    if let user { words.append("uid=\(user)") }
    if let group { words.append("gid=\(group)") }
    if let umask { words.append("umask=\(String(umask, radix: 8))") }
    if let fileSystemName { words.append("fsname=\(fileSystemName.replacing(",", with: "\\,"))") }
    if unmountsWithProcess { words.append("auto_unmount") }
    if allowsOffline { words.append("offline_ok") }
    return (words + further).joined(separator: ",")
  }

  private static func split(_ list: String) -> [String] {
    var words = [""]
    var isEscaped = false
    for character in list {
      if isEscaped {
        if character != "," { words[words.count - 1].append("\\") }
        words[words.count - 1].append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "," {
        words.append("")
      } else {
        words[words.count - 1].append(character)
      }
    }
    if isEscaped { words[words.count - 1].append("\\") }
    return words
  }
}

extension MountFlags {
  /// The owner of everything in the mount.
  var owner: UInt32 { user ?? getuid() }

  var ownersGroup: UInt32 { group ?? user.flatMap(SystemUser.primaryGroup(of:)) ?? getgid() }
}
