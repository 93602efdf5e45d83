import BerayAPI
import LinuxSystem
import SystemPackage

/// Changes `config.json` and keeps the order of its members.
struct ConfigurationFile: Sendable {
  let path: FilePath

  /// - Throws: ``CommandError`` if the file is not a valid configuration.
  func members() throws(CommandError) -> [JSON.Member] {
    _ = try UserConfiguration(reading: path)
    guard let bytes = try PrivateFile.readShared(path), case .object(let members)? = try? JSON(parsing: bytes) else {
      return []
    }
    return members
  }

  /// Sets `setting`, or removes it if `value` is nil. A new value also removes the setting that it excludes.
  /// - Throws: ``CommandError`` if the result would not be a valid configuration. The file is then unchanged.
  func set(_ setting: Setting, to value: JSON?) throws(CommandError) {
    let directory = path.removingLastComponent()
    try PrivateDirectory.makeClosed(directory)
    try FileLock.holding(directory) { () throws(CommandError) in
      var members = try members()
      if let value {
        members.removeAll { $0.name == setting.excludes }
        if let index = members.lastIndex(where: { $0.name == setting.name }) {
          members[index].value = value
        } else {
          members.append(.init(setting.name, value))
        }
      } else {
        members.removeAll { $0.name == setting.name }
      }
      let json = JSON.object(members)
      do throws(CommandError) { _ = try UserConfiguration(json, path: path) } catch {
        throw .badUse(error.what.replacing("\(path): ", with: ""), advice: "'beray-fs config list' shows what is set")
      }
      try PrivateFile.replace(path, with: Array((json.serialized(pretty: true) + "\n").utf8))
    }
  }
}

/// The server that is used if none is named.
enum DefaultServer {
  /// Makes the server of `--url` the default, and says so.
  static func take(_ url: String?, _ connection: Connection, _ context: Context) throws(CommandError) {
    guard let url else { return }
    let file = ConfigurationFile(path: try context.paths().configurationFile)
    let name = connection.isLocal ? "local" : connection.key
    let before = try file.members().last { $0.name == "url" }?.value.stringValue
    if before != name, before != url {
      try file.set(try Setting.named("url"), to: .string(name))
      context.note(
        "\(name) is now the default server; 'beray-fs config unset url' makes the local server the default again")
    }
    if let variable = context.environment["BERAY_URL"], !variable.isEmpty, variable != url {
      context.note("BERAY_URL is set and overrides it: \(variable)")
    }
  }
}
