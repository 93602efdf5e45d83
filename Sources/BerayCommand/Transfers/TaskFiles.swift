import Beray
import BerayAPI

/// The work directory of a task on the server.
struct TaskFiles: Sendable {
  let client: BerayClient
  let id: TaskID

  /// A file or a directory of it, with its path from the top.
  struct Item: Sendable {
    let path: String
    let entry: FileEntry
  }

  /// The path as servers want it: without `./` and `/` before it, without `/` behind it; the top is `.`.
  static func normalized(_ path: String) -> String {
    let names = path.split(separator: "/").filter { $0 != "." }
    return names.isEmpty ? "." : names.joined(separator: "/")
  }

  static func joined(_ directory: String, _ name: String) -> String {
    directory.isEmpty || directory == "." ? name : "\(directory)/\(name)"
  }

  /// The entry at `path`, by the listing of the directory that has it; nil if there is none.
  func entry(at path: String) async throws -> FileEntry? {
    let path = Self.normalized(path)
    if path == "." { return FileEntry(name: ".", kind: .directory) }
    let names = path.split(separator: "/")
    let parent = names.count == 1 ? "." : names.dropLast().joined(separator: "/")
    let siblings: [FileEntry]
    do throws(BerayError) { siblings = try await client.fileTree(of: id, path: parent) } catch {
      // Either the directory above is not there, or the task.
      guard error.code == .notFound, parent != "." else { throw error }
      return nil
    }
    let name = String(names[names.count - 1])
    return siblings.first { $0.name == name }
  }

  func isDirectory(_ path: String) async throws -> Bool { try await entry(at: path)?.kind == .directory }

  /// All that is beneath a directory, each directory before what is in it.
  /// - Throws: ``CommandError`` if the server sent a name that leads elsewhere.
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

  /// - Throws: ``CommandError`` if the server cannot `what`.
  func require(_ capability: Capabilities, to what: String) async throws {
    guard try await client.capabilities().contains(capability) else {
      throw CommandError(
        "this server cannot \(what)", advice: "it has the bare API: files are listed, read and written as a whole")
    }
  }
}

extension Context {
  /// The files of the task that a command names.
  func files(of selection: TaskSelection, _ server: ServerOptions) async throws -> TaskFiles {
    let client = try await connection(server).client
    return TaskFiles(client: client, id: try await selection.task.resolved(by: client))
  }
}
