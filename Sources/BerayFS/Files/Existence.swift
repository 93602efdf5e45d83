import SystemPackage
import VFS
import Waiting

/// Where a file exists: on the server, only here, or nowhere any more.
///
/// The table of its events stands in the article Architecture; `ExistenceTests` walks it.
enum Existence: Sendable {
  /// The server has a file of that name.
  case onServer
  /// It was made here, and goes up when it is closed. The server has nothing of that name yet.
  case new
  /// It is a step on the way to a save, and goes up only if it stays.
  case heldBack(HeldBack)
  /// No name leads to it. Programs that have it open go on; nothing goes up.
  case gone(Departure)

  struct HeldBack: Sendable {
    /// Whether the server has nothing of that name.
    var isNew: Bool
    /// The process that opened it last for writing.
    var keeper: ProcessID?
    /// The wait that decides whether it stays, while nobody has it open.
    var wait: Wait?
  }

  /// The time after the last close at which a file that is held back counts as one that stays. A new wait ends the one
  /// before.
  final class Wait: Sendable {}

  struct Departure: Sendable {
    /// Whether the server had nothing of that name.
    var wasNew: Bool
    /// Resolves once the kernel has dropped the name, which it never does if the task is gone. Nil when it already has.
    /// It is only asked whether it is finished.
    var forgotten: Flight<Void, Errno>?
    /// Whether somebody else removed it, so that what programs write now reaches nobody.
    var isLost: Bool
  }

  // MARK: - What follows

  /// Whether the server has no file of that name.
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

  /// Whether it is gone because somebody else removed it.
  var isLost: Bool { departure?.isLost ?? false }

  /// Whether the kernel may still come here by a name that is gone. ESTALE makes it look the name up again.
  var isOutOfDate: Bool { departure?.forgotten?.isFinished == false }

  /// Whether the server is to get what programs write.
  var isSent: Bool {
    switch self {
    case .onServer, .new: true
    case .heldBack, .gone: false
    }
  }

  // MARK: - Events

  /// A listing or another answer shows that the server has a file of that name.
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
  mutating func holdBack(isNew: Bool) {
    guard !isGone else { return }
    self = .heldBack(HeldBack(isNew: isNew, keeper: held?.keeper))
  }

  /// From now on it goes up as any other file.
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

  /// Nobody has it open any more. Returns the wait that begins if the file is held back.
  mutating func beginWait() -> Wait? {
    guard var held else { return nil }
    let wait = Wait()
    held.wait = wait
    self = .heldBack(held)
    return wait
  }

  /// Whether the file is held back and `wait` is the one that decides.
  func isDecided(by wait: Wait) -> Bool { held?.wait === wait }

  /// The process that opened it last for writing, if it is held back.
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
