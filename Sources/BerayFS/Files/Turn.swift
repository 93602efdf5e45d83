import SystemPackage
import Waiting

/// Whose turn it is to tell the server something about a file.
///
/// One thing at a time is on its way: an upload with what follows it, or attributes. A change of the name takes its own turn
/// while something is on its way, and waits for that; nothing begins to go until the name has changed, but what the change
/// itself sends.
struct Turn: Sendable {
  private(set) var sending: Flight<Void, Errno>?
  private(set) var nameChange: Flight<Void, Errno>?

  var isFree: Bool { sending == nil && nameChange == nil }

  mutating func begins(sending flight: Flight<Void, Errno>) {
    assert(sending == nil, "two uploads of one file at once")
    sending = flight
  }

  mutating func sent() { sending = nil }

  mutating func begins(changingName flight: Flight<Void, Errno>) {
    assert(nameChange == nil, "two changes of one name at once")
    nameChange = flight
  }

  mutating func nameChanged() { nameChange = nil }
}
