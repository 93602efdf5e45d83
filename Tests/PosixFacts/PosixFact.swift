/// Something that holds of every POSIX file system, told in the calls of a ``PosixWorld``, in an empty directory.
///
/// The list does not know what it is run on: a plain directory proves the facts, a file system has to keep them.
package struct PosixFact: Sendable, CustomStringConvertible {
  package let name: String
  private let body: @Sendable (any PosixWorld) async throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (any PosixWorld) async throws -> Void) {
    self.name = name
    self.body = body
  }

  package var description: String { name }

  /// - Throws: ``FactFailure``, or the `Errno` of a call that was not to fail.
  package func check(in world: any PosixWorld) async throws { try await body(world) }

  package static let all: [PosixFact] =
    FileFacts.opening + FileFacts.contents + FileFacts.sizes + FileFacts.attributes + NameFacts.names
    + NameFacts.renames
    + NameFacts.directories

  /// What cannot hold where files that are stored can be neither removed nor renamed, told by any kind of check.
  package static let needingRemoval: Set<String> = [
    "unlink takes the name away", "a name can be made anew", "a name that is made anew is another file",
    "an unlinked open file keeps its content",
    "a directory that was emptied is removed", "what was listed before is gone after its removal",
    "removing while listing leaves nothing", "removing while listing misses nothing",
    "a listing that is read later brings back no name", "a tree is copied, compared and removed",
  ]

  /// What cannot hold where links cannot be made.
  package static let needingLinks: Set<String> = [
    "hard links share an inode", "a symbolic link is not followed by lstat",
  ]
}
