import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// Which attributes files and directories may have, and the attributes of directories.
struct TreeAttributes: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  /// The errno for attributes that cannot be set; nil if they can.
  func refusal(of changes: AttributeChanges, for path: String) -> Errno? {
    guard allowsOwner(changes) else { return refuseOwner(of: path) }
    return changes.permissions.flatMap { refusal(ofMode: $0, "chmod", path) }
  }

  /// Whether the owner stays the same. Everything belongs to the user who mounted.
  func allowsOwner(_ changes: AttributeChanges) -> Bool {
    (changes.user ?? context.options.user) == context.options.user
      && (changes.group ?? context.options.group) == context.options.group
  }

  func refuseOwner(of path: String) -> Errno {
    context.refuse(
      "chown", path, .notPermitted, "every file belongs to the user who mounted; servers store no owners",
      advice: "leave the owner out: 'cp' in place of 'cp -p' as root, 'rsync' without '-o' and '-g'")
  }

  func timestamp(_ time: AttributeChanges.Time) -> Timestamp {
    switch time {
    case .now: context.time.now()
    case .at(let time): time
    }
  }

  func changeAttributes(of directory: WorkDirectory, _ changes: AttributeChanges) -> Outcome<AttributeReply> {
    if let refusal = refusal(of: changes, for: directory.path) { return .failed(refusal) }
    guard changes.size == nil else { return .failed(.isDirectory) }
    let modified = changes.modified.map { timestamp($0) }
    let accessed = changes.accessed.map { timestamp($0) }
    tree.structure.withLock { structure in
      structure.change(directory.inode) {
        if let accessed { $0.sets(accessed: accessed) }
        $0.statusChanges(at: context.time.now())
      }
    }
    guard changes.permissions != nil || modified != nil else { return directory.attributes() }
    return .pending { [self] () async throws(Errno) in
      let capabilities: Capabilities = directory.isNew ? [] : try await shared.capabilities()
      let isTold = capabilities.contains(.attributes)
      if isTold {
        let path = tree.serverPath(of: directory)
        _ = try await context.call("setattr", directory.path) { () async throws(BerayError) in
          try await context.service.setAttributes(
            of: tree.task, path: path, mode: changes.permissions.map { $0 & 0o777 },
            modified: modified.map(UTCTime.init),
            when: nil)
        }
      }
      tree.structure.withLock { structure in
        structure.change(directory.inode) {
          if let permissions = changes.permissions { $0.sets(mode: permissions & 0o777) }
          if let modified { $0.sets(modified: modified, isTold: isTold) }
        }
        let (tick, place) = (structure.nextTick(), directory.place)
        if let parent = place.parent {
          structure.change(parent.inode) { $0.touch(place.name, tick, isPlaced: false) }
        }
      }
      return try await directory.attributes().get()
    }
  }

  /// The errno for a mode that cannot be set; nil if it can. Servers store only who may read, write and execute.
  func refusal(ofMode mode: UInt16, _ operation: String, _ path: String) -> Errno? {
    guard mode & 0o7000 != 0 else { return nil }
    return context.refuse(
      operation, path, .notPermitted, "servers do not store set-user-ID, set-group-ID and sticky bits",
      advice: "leave these bits out: 'chmod 0755' in place of 'chmod 4755'")
  }
}
