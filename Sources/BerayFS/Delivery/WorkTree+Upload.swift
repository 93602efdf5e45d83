import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

extension WorkTree {
  /// One PUT. If the task that asks for it ends, so does the PUT.
  /// - Parameter deadline: when it has failed; nil: as long as it moves.
  func put(
    _ body: UploadBody, to path: String, within deadline: Duration?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt {
    let (context, task) = (context, task)
    guard !Task.isCancelled else {
      throw BerayError(.cancelled, detail: "the mount ends", operation: "upload")
    }
    let send: @Sendable () async throws(BerayError) -> UploadReceipt = { () async throws(BerayError) in
      try await context.service.uploadFile(to: task, path: path, content: body, contentType: nil, when: condition)
    }
    guard let deadline else { return try await send() }
    return try await race(send) { () async throws(BerayError) in
      let isOver = (try? await context.time.sleep(deadline)) != nil
      let detail = "the upload did not arrive within \(deadline)"
      throw BerayError(isOver ? .timedOut : .cancelled, detail: detail, operation: "upload")
    }
  }

  /// Takes over what the server did to a file, and marks the name so that no older listing undoes it.
  /// - Parameter isPlaced: whether the server has the file now, and so the directories above it.
  func change<Value: Sendable>(
    _ file: WorkFile, isPlaced: Bool, _ body: (inout FileState) -> Value
  ) -> Value {
    structure.withLock { structure in
      let (value, place) = file.change { (body(&$0), $0.place) }
      let tick = structure.nextTick()
      var (name, next) = (place.name, place.parent)
      while let directory = next {
        structure.change(directory.inode) { $0.touch(name, tick, isPlaced: isPlaced) }
        guard isPlaced, directory.isNew else { break }
        directory.isNew = false
        structure.change(directory.inode) { $0.isPlaced() }
        (name, next) = (directory.place.name, directory.place.parent)
      }
      return value
    }
  }

  /// Says in `.beray/errors` that our upload replaced somebody else's version, which no program here has seen.
  func tellOfReplaced(_ path: String, by operation: String) {
    _ = context.refuse(
      operation, path, .resourceBusy,
      "the file was changed on the server while it was written here; this \(operation) replaced that version",
      advice: "ask the other writer for that version if you need it; otherwise do nothing")
  }
}
