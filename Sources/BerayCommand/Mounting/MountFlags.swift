/// What `-o` says, in the words that sshfs and mount(8) have.
struct MountFlags: Hashable, Sendable {
  var isReadOnly = false
  var allowsOthers = false
  var fileSystemName: String?
  var unmountsWithProcess = false
  /// The mount begins also where the server cannot be reached (fstab).
  var allowsOffline = false
  /// What the command has options for, and a line of fstab(5) has not.
  var tokenFile: String?
  var caFile: String?
  var sendsInsecurely = false
  /// Seconds.
  var timeout: Double?
  /// Seconds.
  var freshness: Double?
  var cacheMiB: Int?
  var refusesMkdir = false
  /// Options of the kernel that are handed on, such as `noexec`.
  var further: [String] = []

  /// Known here, for messages.
  static let known = """
    ro, allow_other, fsname=NAME, auto_unmount, offline_ok; and for fstab token_file=FILE, \
    ca_file=FILE, insecure_http, timeout=S, freshness=S, cache_size=MIB, no_mkdir
    """

  /// mount(8) and fstab(5) give these along, or the kernel does them anyway; they change nothing here.
  private static let ignored: Set<String> = [
    "rw", "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "_netdev", "nofail", "async",
    "suid", "nosuid", "dev", "nodev", "exec", "atime", "default_permissions", "relatime", "norelatime", "diratime",
    "strictatime", "lazytime", "nolazytime", "silent", "loud", "mand", "nomand", "iversion", "noiversion",
  ]

  private static let ignoredPrefixes = ["x-", "X-", "comment=", "user=", "uhelper=", "helper="]

  private static let handedOn: Set<String> = ["noexec", "noatime", "nodiratime", "sync", "dirsync"]

  init() {}

  /// - Parameter lists: each a comma-separated list; in a value, `\,` is a comma.
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
    case "auto_unmount": unmountsWithProcess = true
    case "offline_ok": allowsOffline = true
    case "insecure_http": sendsInsecurely = true
    case "no_mkdir": refusesMkdir = true
    case _ where Self.handedOn.contains(option): further.append(option)
    case _ where Self.ignored.contains(option) || Self.ignoredPrefixes.contains(where: option.hasPrefix): break
    default: try addPair(option)
    }
  }

  /// `NAME=VALUE`.
  private mutating func addPair(_ option: String) throws(CommandError) {
    let value = option.firstIndex(of: "=").map { String(option[option.index(after: $0)...]) } ?? ""
    func number<Number: LosslessStringConvertible>() throws(CommandError) -> Number {
      guard let number = Number(value) else { throw .badUse("-o \(option) is not a number") }
      return number
    }
    switch value.isEmpty ? nil : option.prefix(while: { $0 != "=" }) {
    case "fsname": fileSystemName = value
    case "token_file": tokenFile = value
    case "ca_file": caFile = value
    case "timeout": timeout = try number()
    case "freshness": freshness = try number()
    case "cache_size": cacheMiB = try number()
    default: throw .badUse("-o \(option) is not known", advice: "known are \(Self.known)")
    }
  }

  /// What mount(8) knows, as `-o` takes it, for the same command in the background.
  var list: String {
    var words: [String] = []
    if isReadOnly { words.append("ro") }
    if allowsOthers { words.append("allow_other") }
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
