import BerayClient
import Synchronization
import SystemPackage
import VFS

/// Files that tools make on the way to a save: held back from a server that could not take them away again, until they
/// are renamed or removed, or turn out to stay.
extension WorkFile {
  /// How long after its last close a file that was neither renamed nor removed is taken to stay.
  static let holdTime = Duration.seconds(10)

  var isHeldBack: Bool { state.withLock { $0.existence.isHeldBack } }

  /// Makes it what it is right after a program made it: empty.
  /// - Parameters:
  ///   - hidden: what the server has under this name, which a program had taken away.
  ///   - joinsOthers: whether the program did not say that it must be new or empty.
  func wasMade(inPlaceOf hidden: HiddenFile?, isHeldBack: Bool, joinsOthers: Bool) {
    state.withLock { state in
      if isHeldBack { state.existence.isHeldBack(isNew: hidden == nil) }
      if let hidden {
        state.existence.serverHasIt()
        state.listed = hidden.version
        state.unlisted = hidden.unlisted
        state.isMadeHere = hidden.isStepOfASave
      }
      attachEmpty(&state)
      if hidden == nil, joinsOthers { state.buffer?.joinsOthers() }
    }
  }

  /// Lets the file wait for its rename or removal from now on, if it is held back and nobody has it open.
  func hold() {
    let wait = state.withLock { $0.opens.isOpen ? nil : $0.existence.beginWait() }
    guard let wait else { return }
    Task {
      repeat {
        do { try await tree.context.time.sleep(Self.holdTime) } catch { return }
      } while isKeptByItsEditor(wait)
      let stays = state.withLock { state in
        let stays = state.existence.isDecided(by: wait) && !state.opens.isOpen && state.turn.nameChange == nil
        if stays { state.existence.goesUp() }
        return stays
      }
      if stays { _ = try? await upload(.release, includingEmpty: true) }
    }
  }

  /// Whether an editor, which lives, keeps it beside a file that it works on.
  private func isKeptByItsEditor(_ wait: Existence.Wait) -> Bool {
    let (keeper, place) = state.withLock { ($0.existence.isDecided(by: wait) ? $0.existence.keeper : nil, $0.place) }
    guard let keeper, tree.shared.names.classify(place.name) == .editorsOwn else { return false }
    return tree.shared.threadGroup(keeper) != nil
  }

  /// It waits under a name of which the server has nothing.
  func isHeldBackAlone() {
    state.withLock { state in
      state.existence.isHeldBack(isNew: true)
      state.unlisted = nil
      state.buffer?.base = nil
    }
  }

  /// The file goes up as any other.
  func letGo() { state.withLock { $0.existence.goesUp() } }

  /// Holds back what the server has under another name, and may have under this one.
  /// - Parameter replaced: what the server has under the new name.
  func holdBack(_ buffer: WriteBuffer, at place: WorkDirectory.Place, replacing replaced: FileVersion?) {
    buffer.becameFresh(at: tree.context.time.now())
    buffer.base = replaced
    state.withLock { state in
      state.place = place
      state.existence.isHeldBack(isNew: replaced == nil)
      state.listed = replaced ?? FileVersion(size: buffer.size)
    }
  }

  /// The server has the content after all, as `version`, under the name that the file has again.
  func wasRestored(to version: FileVersion, at place: WorkDirectory.Place) {
    let buffer = state.withLock { state in
      state.place = place
      state.existence.arrived()
      state.listed = version
      state.buffer?.base = version
      return state.buffer
    }
    buffer?.wasSent()
    retireBuffer()
  }
}

extension WorkTree {
  /// How long a name stays away that the server has still, so that a program can make it anew.
  static let hideTime = Duration.seconds(5)

  /// What kind of name that is, where it stands.
  func classify(_ name: Name, in directory: WorkDirectory) -> NamePolicy.Class {
    var isInGit = false
    var next: WorkDirectory? = directory
    while let place = next?.place, !isInGit {
      isInGit = place.name == ".git"
      next = place.parent
    }
    return shared.names.classify(name, isInGit: isInGit)
  }

  /// Whether a file of that name that is made here is held back: it may be renamed or removed soon, and the server could do
  /// neither.
  func holdsBack(_ name: Name, in directory: WorkDirectory) -> Bool {
    shared.holdsBack && classify(name, in: directory) != .ordinary
  }

  /// The server has a file and cannot rename it: it stays there, and is here under the new name, with its bytes, while
  /// a program makes the old name anew. Where none does, the old name comes back.
  func moveAway(
    _ file: WorkFile, from name: Name, in directory: WorkDirectory, to newName: Name, in newDirectory: WorkDirectory
  ) async throws(Errno) {
    let buffer = try await file.bufferWithContent(hasTurn: true)
    let now = context.time.now()
    let since = structure.withLock { structure in
      let tick = structure.nextTick()
      let hidden = HiddenFile(
        version: file.state.withLock { $0.listed }, since: tick,
        reason: .movedAway(to: file.inode, changes: buffer.isUnsent(includingEmpty: true) ? nil : buffer.changes))
      structure.directories[directory.inode]?.remove(name, at: now)
      structure.directories[directory.inode]?.hidden[name] = hidden
      var replaced = structure.directories[newDirectory.inode]?.hidden.removeValue(forKey: newName)?.version
      if let old = structure.directories[newDirectory.inode]?.remove(newName, at: now) {
        if case .file(let old) = old.node { replaced = old.serverVersion }
        release(old.node, in: &structure)
      }
      structure.directories[newDirectory.inode]?.removals[newName] = nil
      structure.directories[newDirectory.inode]?.insert(.file(file), as: newName, touched: tick, at: now)
      file.holdBack(buffer, at: .init(name: newName, parent: newDirectory), replacing: replaced)
      return tick
    }
    comesBack(name, in: directory, hidden: since, from: "rename") {
      ("the name was moved away and not made anew, and is back", "the copy is \(file.path)")
    }
  }

  /// A backup is removed, which an editor wants to make anew. The server, which cannot remove it, has it still.
  func hide(_ name: Name, in directory: WorkDirectory) {
    let since = structure.withLock { structure -> UInt64? in
      guard case .file(let file)? = structure.directories[directory.inode]?.children[name]?.node,
        let version = file.serverVersion
      else { return nil }
      let tick = structure.nextTick()
      structure.directories[directory.inode]?.remove(name, at: context.time.now())
      structure.directories[directory.inode]?.hidden[name] = HiddenFile(
        version: version, since: tick, reason: .removed)
      release(.file(file), in: &structure)
      return tick
    }
    guard let since else { return }
    comesBack(name, in: directory, hidden: since, from: "unlink") {
      ("it was not made anew, and is back", "a server with the operation is needed, such as 'beray-fs serve'")
    }
  }

  /// Shows a hidden name again if nobody makes it anew in time, and tells of it.
  private func comesBack(
    _ name: Name, in directory: WorkDirectory, hidden since: UInt64, from operation: String,
    _ told: @escaping @Sendable () -> (text: String, advice: String)
  ) {
    Task {
      do { try await context.time.sleep(Self.hideTime) } catch { return }
      guard show(name, in: directory, hidden: since) else { return }
      let (text, advice) = told()
      _ = context.refuse(
        operation, "\(directory.path)/\(name)", .notPermitted, "this server cannot \(operation) files; \(text)",
        advice: advice)
    }
  }

  private func show(_ name: Name, in directory: WorkDirectory, hidden since: UInt64) -> Bool {
    let isShown = structure.withLock { structure in
      guard structure.directories[directory.inode]?.hidden[name]?.since == since else { return false }
      structure.directories[directory.inode]?.hidden[name] = nil
      structure.directories[directory.inode]?.changed(at: context.time.now())
      structure.staleMarks += 1
      return true
    }
    guard isShown else { return false }
    context.notifier.expire(name, in: directory.inode)
    context.notifier.invalidate(directory.inode, pages: true)
    return true
  }
}

extension WorkFile {
  /// What the server has under the file's name; nil where it has none.
  var serverVersion: FileVersion? { state.withLock { $0.serverVersion } }
}
