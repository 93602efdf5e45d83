internal import Glibc

/// The environment variables of processes.
package enum ProcessEnvironment {
  /// Those of this process, as they are now.
  package static func current() -> [String: String] {
    var entries: [String] = []
    var next = environ
    while let entry = next.pointee {
      entries.append(String(cString: entry))
      next += 1
    }
    return variables(in: entries)
  }

  /// Those that a process was started with (proc_pid_environ(5)). Empty if they cannot be read, and while an execve(2)
  /// of the process is under way, as it may still be after posix_spawn(3) returns.
  package static func of(_ process: Int32) -> [String: String] {
    variables(in: ProcessFile.words("/proc/\(process)/environ"))
  }

  /// Decodes entries such as `NAME=value`. If a name occurs twice, the first value counts, as with getenv(3).
  package static func variables(in entries: [String]) -> [String: String] {
    var variables: [String: String] = [:]
    for entry in entries {
      guard let equals = entry.firstIndex(of: "=") else { continue }
      let name = String(entry[..<equals])
      if variables[name] == nil { variables[name] = String(entry[entry.index(after: equals)...]) }
    }
    return variables
  }
}
