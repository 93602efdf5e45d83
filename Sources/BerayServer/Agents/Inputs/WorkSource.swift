internal import BerayAPI
internal import Glibc
internal import LinuxSystem

/// The initial content of a task's work directory: a copy of a directory, a clone of a git repository, single files.
struct WorkSource: Hashable, Sendable {
  /// The absolute path of a directory, or the URL of a git repository.
  var from: String?
  /// Absolute paths of files and directories to copy into the root of the work directory.
  var files: [String]
  /// Whether to leave out files that `.gitignore` names. A repository is then copied instead of cloned.
  var leavesIgnoredOut: Bool

  init(from: String?, files: [String] = [], leavesIgnoredOut: Bool = false) {
    self.from = from
    self.files = files
    self.leavesIgnoredOut = leavesIgnoredOut
  }

  /// Reads the stored form of ``json``.
  init?(stored: String) {
    guard let json = try? JSON(parsing: stored) else { return nil }
    self.init(
      from: json["from"]?.stringValue, files: json["files"]?.arrayValue?.compactMap(\.stringValue) ?? [],
      leavesIgnoredOut: json["gitignore"]?.boolValue ?? false)
  }

  var json: JSON {
    var members: [JSON.Member] = []
    if let from { members.append(.init("from", .string(from))) }
    if !files.isEmpty { members.append(.init("files", .array(files.map { .string($0) }))) }
    if leavesIgnoredOut { members.append(.init("gitignore", true)) }
    return .object(members)
  }

  /// What is wrong with the source; nil if nothing is. Checked before the task is created.
  var complaint: String? {
    if let from, !Self.isURL(from) {
      guard from.hasPrefix("/") else { return "from is neither an absolute path nor the URL of a git repository" }
      guard Self.isDirectory(from) else { return "there is no directory \(from)" }
    }
    for file in files {
      guard file.hasPrefix("/") else { return "\(file) is not an absolute path" }
      guard access(file, R_OK) == 0 else { return "\(file) cannot be read" }
    }
    return nil
  }

  /// `https://host/repository`, `ssh://…`, `git@host:repository`.
  static func isURL(_ text: String) -> Bool {
    !text.hasPrefix("/") && !text.hasPrefix("-") && text.contains(/^([a-z][a-z+]*:\/\/|[\w.-]+@[\w.-]+:)/)
  }

  /// The command that fills the work directory. It runs in that directory.
  func arguments(branch: String) -> [String] {
    ["/bin/sh", "-c", Self.script, "inputs", from ?? "", branch, leavesIgnoredOut ? "1" : ""] + files
  }

  private static func isDirectory(_ path: String) -> Bool {
    (try? OwnedDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY)) != nil
  }

  private static let script = """
    set -e
    from=$1 branch=$2 gitignore=$3 work=$PWD
    shift 3
    export GIT_TERMINAL_PROMPT=0
    clone() {
      git clone -q -- "$from" . || exit
      git checkout -q -b "$branch"
    }
    case $from in
    '') ;;
    /*)
      if [ -n "$gitignore" ]; then
        list=$(mktemp -d)
        trap 'rm -rf "$list"' EXIT
        git init -q --bare "$list"
        cd "$from"
        git --git-dir="$list" --work-tree=. ls-files -coz --exclude-standard |
          xargs -0 -r cp -a --reflink=auto --parents -t "$work" --
        cd "$work"
      elif [ -e "$from/.git" ] || [ -e "$from/HEAD" -a -d "$from/objects" ]; then
        clone
      else
        cp -a --reflink=auto -- "$from/." .
      fi ;;
    *) clone ;;
    esac
    for file; do cp -a --reflink=auto -- "$file" .; done
    """
}
