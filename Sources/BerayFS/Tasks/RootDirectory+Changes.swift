import BerayAPI
import SystemPackage
import VFS

/// What changes names at the top of the mount: tasks come and go.
extension RootDirectory {
  func mkdir(_ name: Name, permissions: UInt16, caller: Caller) -> Outcome<FoundNode> {
    guard context.options.allowsMkdir else {
      return .failed(
        context.refuse(
          "mkdir", name.string, .notPermitted, "this mount makes no tasks by mkdir (--no-mkdir)",
          advice: "write the goal to 'new'"))
    }
    if isReserved(name) {
      return .failed(
        context.refuse(
          "mkdir", name.string, .fileExists, "'\(name)' belongs to the mount", advice: "write such a goal to 'new'"))
    }
    if let refusal = TaskName.refusal(name) {
      return .failed(
        context.refuse("mkdir", name.string, .notPermitted, refusal.detail, advice: refusal.advice))
    }
    let known = registry.find(name)
    let intent = CallerIntent(caller, processes: context.processes)
    return .pending { [self] () async throws(Errno) in
      if let path = intent.path(through: name) { throw refuseSlash(path, .notPermitted) }
      if let (task, isText) = known {
        if intent.takesExisting { throw .fileExists }
        guard isText, await hasEnded(task) else { throw creations.exists(name, task) }
      }
      let task = try await creations.mkdir(name, caller: caller)
      return FoundNode(node: task, nameTimeout: Self.textTimeout)
    }
  }

  func rmdir(_ name: Name, caller: Caller) -> Outcome<Void> {
    if let node = reserved(name) {
      return .failed(node.kind == .directory ? .notPermitted : .notDirectory)
    }
    guard let task = registry.task(named: name) else {
      return .failed(name == "last" && registry.newest != nil ? .notDirectory : .noSuchFileOrDirectory)
    }
    return .pending { [self] () async throws(Errno) in
      // What is known of a running task may be old: ask before refusing.
      if !task.feed.isFinished {
        do throws(Errno) { try await task.feed.ensureFresh(needsEvents: false).get() } catch {
          if task.feed.isRemoved { registry.remove(task.id) }
          throw error
        }
      }
      switch task.feed.task.status.phase {
      case .pending, .running:
        throw context.refuse(
          "rmdir", task.name.string, .resourceBusy, "the task is \(task.feed.task.status.text)",
          advice: "stop it first: echo stop > \(task.name)/ctl")
      case .completed, .failed, .stopped, .unknown: break
      }
      try await task.delete(operation: "rmdir")
      context.removals.end(task.id)
    }
  }

  func unlink(_ name: Name, caller: Caller) -> Outcome<Void> {
    .failed(
      context.refuse(
        "unlink", name.string, .notPermitted, "'\(name)' belongs to the mount", advice: "delete a task with rmdir"))
  }

  func rename(
    _ name: Name, to newName: Name, in newDirectory: any DirectoryNode, flags: RenameFlags, caller: Caller
  ) -> Outcome<Void> {
    .failed(
      context.refuse(
        "rename", name.string, .notPermitted, "a task keeps its name", advice: "make a link to it outside the mount"))
  }

  func create(_ name: Name, permissions: UInt16, flags: OpenFlags, caller: Caller) -> Outcome<CreatedFile> {
    .failed(
      context.refuse(
        "create", name.string, .notPermitted, "the top directory holds only tasks",
        advice: "mkdir \"goal\" starts a task; its files are beneath TASK/files/"))
  }
}
