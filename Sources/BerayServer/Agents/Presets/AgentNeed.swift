internal import Glibc
internal import LinuxSystem

/// Something that an agent cannot work without.
package enum AgentNeed: Hashable, Sendable {
  /// A program on PATH.
  case program(String, advice: String)
  /// One of these variables, or one of these files beneath the home directory.
  case credentials(AgentCredentials, advice: String)

  /// The message if it is missing; nil if it is there.
  func complaint(in environment: [String: String]) -> String? {
    switch self {
    case .program(let name, let advice):
      AgentProgram.path(of: name, searching: environment["PATH"]) == nil
        ? "there is no program '\(name)': \(advice)" : nil
    case .credentials(let credentials, let advice):
      credentials.found(in: environment).isEmpty ? "it has no key and no login: \(advice)" : nil
    }
  }
}

/// Where an agent finds its credentials. Messages contain only names, never values.
package struct AgentCredentials: Hashable, Sendable {
  package var variables: [String]
  /// Paths beneath the home directory.
  package var files: [String]
  /// A variable that relocates the files, and the standard directory that it replaces.
  package var directory: (variable: String, standard: String)?
  /// Words that a file must contain, for files that exist without credentials too: `config.toml` may name a provider.
  package var fileWords: [String: [String]]

  package init(
    variables: [String], files: [String] = [], directory: (variable: String, standard: String)? = nil,
    fileWords: [String: [String]] = [:]
  ) {
    self.variables = variables
    self.files = files
    self.directory = directory
    self.fileWords = fileWords
  }

  package static func == (left: AgentCredentials, right: AgentCredentials) -> Bool {
    left.variables == right.variables && left.files == right.files
      && left.directory?.variable == right.directory?.variable
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(variables)
    hasher.combine(files)
  }

  /// Returns the names of the variables that are set and of the files that exist.
  package func found(in environment: [String: String]) -> [String] {
    let set = variables.filter { environment[$0]?.isEmpty == false }
    let home = environment["HOME"] ?? ""
    let there = files.filter { file in
      var path = home + "/" + file
      if let directory, let other = environment[directory.variable], file.hasPrefix(directory.standard + "/") {
        path = other + file.dropFirst(directory.standard.count)
      }
      guard let words = fileWords[file] else { return access(path, R_OK) == 0 }
      let text = AgentProgram.text(ofFile: path) ?? ""
      return words.contains(where: text.contains)
    }
    return set + there.map { "~/" + $0 }
  }
}

/// Finds programs as the shell does.
package enum AgentProgram {
  /// Returns the path of a program; nil if there is none.
  /// - Parameter search: directories separated by `:`, as in PATH.
  package static func path(of program: String, searching search: String?) -> String? {
    if program.contains("/") { return ProgramPath.isProgram(program) ? program : nil }
    return ProgramPath.of(program, in: (search ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":"))
  }

  /// Reads the first 64 KiB of a file.
  static func text(ofFile path: String) -> String? {
    guard let file = try? Descriptor.open(path: path, flags: O_RDONLY) else { return nil }
    return (try? file.readAll(limit: 64 << 10)).map { String(decoding: $0, as: UTF8.self) }
  }
}
