import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// Modes and times: told to a server that keeps them, and else kept for the life of the mount.
extension WorkFile {
  func setAttributes(_ changes: AttributeChanges, hasHandle: Bool) -> Outcome<AttributeReply> {
    guard tree.allowsOwner(changes) else { return .failed(.notPermitted) }
    let resized: Outcome<Void>
    if let size = changes.size {
      guard size >= 0 else { return .failed(.invalidArgument) }
      let isOpen = hasHandle || state.withLock { $0.writers > 0 || $0.isHeldBack || self.isLocalOnly($0) }
      resized = isOpen ? truncateOpen(to: size) : truncateByPath(to: size)
    } else {
      resized = .done
    }
    return resized.then { [self] in
      keep(changes).then { [self] in attributes(remaining: .zero) }
    }
  }

  private func keep(_ changes: AttributeChanges) -> Outcome<Void> {
    let modified = changes.modified.map { tree.timestamp($0) }
    if let accessed = changes.accessed.map({ tree.timestamp($0) }) { state.withLock { $0.accessed = accessed } }
    guard changes.permissions != nil || modified != nil else { return .done }
    let isOnServer = state.withLock { state -> Bool in
      if let permissions = changes.permissions { state.mode = permissions & 0o777 }
      if let modified {
        state.modified = modified
        state.buffer?.setModified(modified)
      }
      state.unsentAttributes = true
      return !state.isLocal && !state.isDetached && !(state.buffer?.isUnsent(includingEmpty: true) ?? false)
    }
    guard isOnServer else { return .done }
    return .pending { [self] () async throws(Errno) in
      guard try await tree.shared.capabilities().contains(.attributes) else { return }
      try await tellAttributes(mode: changes.permissions, modified: modified)
    }
  }

  private func tellAttributes(mode: UInt16?, modified: Timestamp?) async throws(Errno) {
    let path = tree.serverPath(of: self)
    try await tree.context.call("setattr", self.path) { () async throws(BerayError) in
      try await tree.context.service.setAttributes(
        of: tree.task, path: path, mode: mode.map { $0 & 0o777 }, modified: modified.map(UTCTime.init))
    }
    let place = state.withLock { state in
      state.unsentAttributes = false
      if let modified { state.listed.modified = UTCTime(modified) }
      // A new time on the server is our own doing and no news of its content.
      state.adoptsNextListing = true
      state.buffer?.base = state.listed
      return state.place
    }
    if let parent = place.parent { tree.touched(place.name, in: parent) }
  }

  /// Tells a server that has the file now what was set while it had not.
  func sendAttributes() async {
    let unsent = state.withLock { state in
      state.unsentAttributes ? (mode: state.mode, modified: state.buffer?.modified ?? state.modified) : nil
    }
    guard let unsent, let capabilities = try? await tree.shared.capabilities(), capabilities.contains(.attributes)
    else { return }
    _ = try? await tellAttributes(mode: unsent.mode, modified: unsent.modified)
  }
}

extension WorkTree {
  /// Whether the owner stays who it is: all belongs to who mounted.
  fileprivate func allowsOwner(_ changes: AttributeChanges) -> Bool {
    (changes.user ?? context.options.user) == context.options.user
      && (changes.group ?? context.options.group) == context.options.group
  }

  fileprivate func timestamp(_ time: AttributeChanges.Time) -> Timestamp {
    switch time {
    case .now: context.time.now()
    case .at(let time): time
    }
  }

  func changeAttributes(of directory: WorkDirectory, _ changes: AttributeChanges) -> Outcome<AttributeReply> {
    guard allowsOwner(changes) else { return .failed(.notPermitted) }
    guard changes.size == nil else { return .failed(.isDirectory) }
    let modified = changes.modified.map { timestamp($0) }
    guard changes.permissions != nil || modified != nil else { return directory.getattr(nil) }
    let keep = { @Sendable [self] in
      structure.withLock { structure in
        if let permissions = changes.permissions { structure.directories[directory.inode]?.mode = permissions & 0o777 }
        if let modified { structure.directories[directory.inode]?.modified = modified }
      }
    }
    return .pending { [self] () async throws(Errno) in
      if !directory.isHeldHere, try await shared.capabilities().contains(.attributes) {
        let path = serverPath(of: directory)
        try await context.call("setattr", directory.path) { () async throws(BerayError) in
          try await context.service.setAttributes(
            of: task, path: path, mode: changes.permissions.map { $0 & 0o777 }, modified: modified.map(UTCTime.init))
        }
      }
      keep()
      return try await directory.getattr(nil).get()
    }
  }
}
