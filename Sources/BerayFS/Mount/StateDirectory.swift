import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// `.beray/`: the mount itself, for people and scripts that ask why.
final class StateDirectory: DirectoryNode {
  let inode: InodeID
  var path: String { ".beray" }
  private let context: MountContext
  private let creations: Creations
  private let children: [(name: Name, node: any Node)]
  /// Found by name and not listed: a read of it blocks.
  private let events: AllEventsFile

  init(
    _ inode: InodeID, context: MountContext, registry: TaskRegistry, monitor: ServiceMonitor, shared: WorkShared,
    creations: Creations
  ) {
    self.inode = inode
    self.context = context
    self.creations = creations
    self.events = context.inodes.add { AllEventsFile($0, registry: registry, context: context) }
    let started = context.time.now()
    let status = StatusSnapshot()
    func file(_ name: Name, _ content: @escaping @Sendable () -> Outcome<SnapshotFile.Content>) -> (
      name: Name, node: any Node
    ) {
      let node = context.inodes.add { inode in
        SnapshotFile(inode, path: ".beray/\(name)", context: context, content: content)
      }
      return (name, node)
    }
    self.children = [
      file("errors") {
        let (text, modified) = context.failures.text
        return .ready(.init(text, modified: modified, timeout: .zero))
      },
      file("status.json") {
        let work = shared.status
        let waiting = work.pending.map(\.path) + work.heldBack + work.leftBehind
        return .ready(
          status.content(waiting: waiting, at: context.time) {
            MountStatus(context: context, health: monitor.health, shared: shared, started: started)
          })
      },
      file("user.json") {
        @Sendable func content() -> SnapshotFile.Content {
          let user = monitor.health.user?.raw.withoutSecrets ?? .object([])
          return .init(user.serialized(pretty: true) + "\n", modified: started, timeout: .zero)
        }
        // A mount that began without a server has not asked yet.
        guard monitor.health.user == nil, monitor.isReachable else { return .ready(content()) }
        return .pending { () async throws(Errno) in
          do throws(BerayError) { try await monitor.rememberUser() } catch {
            _ = context.fail("open", ".beray/user.json", error)
          }
          return content()
        }
      },
    ]
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .directory, permissions: 0o700, size: 0, modified: context.failures.text.modified, links: 2)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    if name == "events" { return .ready(FoundNode(node: events, nameTimeout: SnapshotFile.forever)) }
    guard let child = children.first(where: { $0.name == name }) else { return .failed(.noSuchFileOrDirectory) }
    let found = FoundNode(node: child.node, nameTimeout: .zero)
    // A script that wrote to `new` looks here for why it failed.
    return name == "errors" ? creations.settled().map { found } : .ready(found)
  }

  func freshen() -> Outcome<KernelCopy> { .ready(.none) }

  func names(forKernel: Bool) -> [ListedName] {
    children.enumerated().map { index, child in
      ListedName(name: child.name, cookie: UInt64(index + 3), node: child.node)
    }
  }

  func entry(of listed: ListedName) -> ListedEntry? { ListedEntry(listed.node, nameTimeout: .zero) }
}

extension JSON {
  /// The value without members whose names say that they are secret, such as `access_token` or `apiKey`.
  fileprivate var withoutSecrets: JSON {
    switch self {
    case .object(let members):
      .object(members.filter { !Self.isSecret($0.name) }.map { Member($0.name, $0.value.withoutSecrets) })
    case .array(let elements): .array(elements.map(\.withoutSecrets))
    case .null, .bool, .number, .string: self
    }
  }

  private static func isSecret(_ name: String) -> Bool {
    let letters = name.lowercased().filter { $0 != "_" && $0 != "-" }
    return ["password", "passwd", "token", "secret", "apikey", "privatekey", "credential"].contains {
      letters.contains($0)
    }
  }
}

/// Keeps the text of `status.json` for a moment: reading it moves its own counters, and tar would say that the file
/// changed. What waits to be uploaded or is hidden is always current, because whoever reads an empty list relies on it.
private final class StatusSnapshot: Sendable {
  private static let lifetime = Duration.seconds(1)
  private let last = Mutex<(content: SnapshotFile.Content, waiting: [String], made: Duration)?>(nil)

  /// - Parameter waiting: the files that wait to be uploaded, or are hidden.
  func content(waiting: [String], at time: TimeSource, _ make: () -> MountStatus) -> SnapshotFile.Content {
    let now = time.uptime()
    if let last = last.withLock({ $0 }), last.waiting == waiting, now - last.made < Self.lifetime {
      return last.content
    }
    let content = SnapshotFile.Content(
      make().json.serialized(pretty: true) + "\n", modified: time.now(), timeout: .zero)
    last.withLock { $0 = (content, waiting, now) }
    return content
  }
}
