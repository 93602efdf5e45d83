import SystemPackage
import VFS
import Waiting

/// Where a file is: on the server, here alone, or under no name any more.
///
/// The table of its events stands in the article Architecture; `ExistenceTests` walks it.
enum Existence: Sendable {
  /// The server has a file of its name.
  case onServer
  /// It was made here, and the server has nothing of its name yet. It goes up when it is closed.
  case new
  /// It was made on the way to a save, and goes up only once it is known to stay.
  case heldBack(HeldBack)
  /// No name leads to it. Who has it open goes on; nothing goes up.
  case gone(Departure)

  struct HeldBack: Sendable {
    /// Whether the server has nothing of its name.
    var isNew: Bool
    /// Who opened it last for writing.
    var keeper: ProcessID?
    /// What decides whether it stays, once nobody has it open.
    var wait: Wait?
  }

  /// The time from a last close, after which a file that is held back is taken to stay. One that begins anew ends it.
  final class Wait: Sendable {}

  struct Departure: Sendable {
    /// Whether the server had nothing of its name.
    var wasNew: Bool
    /// Ends when the kernel does not lead anybody here by the name any more: never, once the task is gone; nil: it does not
    /// already.
    var forgotten: Flight<Void, Errno>?
    /// Whether this mount did not remove it: what is written now reaches nobody.
    var isLost: Bool
  }

  // MARK: - What follows

  /// Whether the server has no file of its name.
  var isNew: Bool {
    switch self {
    case .onServer: false
    case .new: true
    case .heldBack(let held): held.isNew
    case .gone(let departure): departure.wasNew
    }
  }

  var isHeldBack: Bool { held != nil }

  private var held: HeldBack? {
    if case .heldBack(let held) = self { held } else { nil }
  }

  var isGone: Bool { departure != nil }

  private var departure: Departure? {
    if case .gone(let departure) = self { departure } else { nil }
  }

  /// Whether it is gone though this mount did not remove it.
  var isLost: Bool { departure?.isLost ?? false }

  /// Whether the kernel may still lead here by a name that is gone: ESTALE has it look the name up again.
  var isOutOfDate: Bool { departure?.forgotten?.isFinished == false }

  /// Whether what programs write is to go to the server.
  var isSent: Bool {
    switch self {
    case .onServer, .new: true
    case .heldBack, .gone: false
    }
  }

  // MARK: - Events

  /// The server has a file of its name: a listing shows it, or the server said so.
  mutating func serverHasIt() {
    switch self {
    case .onServer: break
    case .new: self = .onServer
    case .heldBack(var held):
      held.isNew = false
      self = .heldBack(held)
    case .gone(var departure):
      departure.wasNew = false
      self = .gone(departure)
    }
  }

  /// The server has its content.
  mutating func arrived() {
    serverHasIt()
    goesUp()
  }

  /// It is a step on the way to a save.
  /// - Parameter isNew: whether the server has nothing of its name.
  mutating func isHeldBack(isNew: Bool) {
    guard !isGone else { return }
    self = .heldBack(HeldBack(isNew: isNew, keeper: held?.keeper))
  }

  /// It goes up as any other.
  mutating func goesUp() {
    guard let held else { return }
    self = held.isNew ? .new : .onServer
  }

  /// A program opened it for writing.
  mutating func opened(by keeper: ProcessID?) {
    guard var held else { return }
    held.keeper = keeper
    self = .heldBack(held)
  }

  /// Nobody has it open any more. Returns the wait that begins, if it is held back.
  mutating func beginWait() -> Wait? {
    guard var held else { return nil }
    let wait = Wait()
    held.wait = wait
    self = .heldBack(held)
    return wait
  }

  /// Whether it is held back, and `wait` decides whether it stays.
  func isDecided(by wait: Wait) -> Bool { held?.wait === wait }

  /// Who opened it last for writing, while it is held back.
  var keeper: ProcessID? { held?.keeper }

  /// The last name is gone.
  /// - Parameters:
  ///   - forgotten: see ``Departure/forgotten``.
  ///   - isLost: see ``Departure/isLost``.
  /// - Returns: Whether it had one.
  mutating func goes(forgotten: Flight<Void, Errno>?, isLost: Bool) -> Bool {
    let wasThere = !isGone
    self = .gone(Departure(wasNew: isNew, forgotten: forgotten, isLost: isLost || self.isLost))
    return wasThere
  }
}
