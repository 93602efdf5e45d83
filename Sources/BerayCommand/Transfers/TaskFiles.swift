import Beray
import BerayAPI

/// The work directory of a task on the server.
struct TaskFiles: Sendable {
  let client: BerayClient
  let id: TaskID

  /// A file or a directory, with its path from the top.
  struct Item: Sendable {
    let path: String
    let entry: FileEntry
  }

  /// The path as servers expect it, without `./` or `/` at its start and `/` at its end. The top is `.`.
  static func normalized(_ path: String) -> String {
    let names = path.split(separator: "/").filter { $0 != "." }
    return names.isEmpty ? "." : names.joined(separator: "/")
  }

  static func joined(_ directory: String, _ name: String) -> String {
    directory.isEmpty || directory == "." ? name : "\(directory)/\(name)"
  }

  /// The entry at `path`, from the listing of its parent directory; nil if there is none.
  func entry(at path: String) async throws -> FileEntry? {
    let path = Self.normalized(path)
    if path == "." { return FileEntry(name: ".", kind: .directory) }
    let names = path.split(separator: "/")
    let parent = names.count == 1 ? "." : names.dropLast().joined(separator: "/")
    let siblings: [FileEntry]
    do throws(BerayError) { siblings = try await client.fileTree(of: id, path: parent) } catch {
      // A missing top directory means that the task is missing, which is an error.
      guard error.code == .notFound, parent != "." else { throw error }
      return nil
    }
    let name = String(names[names.count - 1])
    return siblings.first { $0.name == name }
  }

  func isDirectory(_ path: String) async throws -> Bool { try await entry(at: path)?.kind == .directory }

  /// Everything beneath a directory. Each directory comes before its contents.
  /// - Throws: ``CommandError`` if the server sent a name that leads outside, such as `..`.
  func tree(_ path: String) async throws -> [Item] {
    let path = Self.normalized(path)
    return try await items(client.fileTree(of: id, path: path, recursive: true), beneath: path)
  }

  private func items(_ entries: [FileEntry], beneath directory: String) async throws -> [Item] {
    var items: [Item] = []
    for entry in entries {
      guard Self.isName(entry.name) else {
        throw CommandError("the server sent '\(ShownText.escaped(entry.name))' as the name of a file")
      }
      let path = Self.joined(directory, entry.name)
      items.append(Item(path: path, entry: entry))
      guard entry.kind == .directory else { continue }
      var children = entry.children
      if children == nil { children = try await client.fileTree(of: id, path: path, recursive: true) }
      items += try await self.items(children ?? [], beneath: path)
    }
    return items
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("\0")
  }

  /// - Throws: ``CommandError`` if the server lacks `capability`.
  func require(_ capability: Capabilities, to what: String) async throws {
    guard try await client.capabilities().contains(capability) else {
      throw CommandError(
        "this server cannot \(what)", advice: "it can only list files, and read and write them as a whole")
    }
  }
}
