import SystemPackage
import Waiting

/// Whose turn it is to tell the server something about a file.
///
/// One upload, or one change of attributes, is on its way at a time. A name change waits for it. Until the name change
/// ends, only its own uploads start.
enum Turn: Sendable {
  case free
  case sending(Flight<Void, Errno>)
  /// `sending`: what was on its way when the change came, or what the change itself sends.
  case changingName(Flight<Void, Errno>, sending: Flight<Void, Errno>?)

  var isFree: Bool {
    if case .free = self { true } else { false }
  }

  var sending: Flight<Void, Errno>? {
    switch self {
    case .free: nil
    case .sending(let flight): flight
    case .changingName(_, let sending): sending
    }
  }

  var nameChange: Flight<Void, Errno>? {
    if case .changingName(let flight, _) = self { flight } else { nil }
  }

  // MARK: - Events

  mutating func begins(sending flight: Flight<Void, Errno>) {
    switch self {
    case .free: self = .sending(flight)
    case .changingName(let change, nil): self = .changingName(change, sending: flight)
    case .sending, .changingName: assertionFailure("two uploads of one file at once")
    }
  }

  /// Ends what `flight` stands for. The end of anything else changes nothing.
  mutating func ends(sending flight: Flight<Void, Errno>) {
    guard sending === flight else { return }
    self = nameChange.map { .changingName($0, sending: nil) } ?? .free
  }

  mutating func begins(changingName flight: Flight<Void, Errno>) {
    guard nameChange == nil else { return assertionFailure("two changes of one name at once") }
    self = .changingName(flight, sending: sending)
  }

  mutating func ends(changingName flight: Flight<Void, Errno>) {
    guard nameChange === flight else { return }
    self = sending.map(Turn.sending) ?? .free
  }
}
