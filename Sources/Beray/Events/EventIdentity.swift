package import BerayAPI

/// Tells events apart by what they say, in 128 bits, so that logs are compared without keeping the events.
///
/// A server may send an event in one form in the list of a task and in another on the stream, so what is compared is
/// what was read from it, and the whole object only where neither a text nor a time was.
package struct EventIdentity: Hashable, Sendable {
  private let high: Int
  private let low: Int

  private init(_ feed: (inout Hasher) -> Void) {
    // Hasher is seeded for each process: no server can make two events collide.
    var first = Hasher()
    first.combine(UInt8(1))
    feed(&first)
    var second = Hasher()
    second.combine(UInt8(2))
    feed(&second)
    high = first.finalize()
    low = second.finalize()
  }

  /// What the event says, whatever its id.
  package init(contentOf event: TaskEvent) {
    guard event.text != nil || event.time != nil else {
      let raw = event.raw.serialized()
      self.init { $0.combine(raw) }
      return
    }
    self.init {
      $0.combine(event.type)
      $0.combine(event.text)
      $0.combine(event.time)
      $0.combine(event.status?.text)
    }
  }

  /// What tells an event with an id from others. The text and the time stay part of it: a server may call by `id` what
  /// is the same for all its events. The type does not, since some streams name it elsewhere than the list.
  package init(id: String, of event: TaskEvent) {
    guard event.text != nil || event.time != nil else {
      let raw = event.raw.serialized()
      self.init {
        $0.combine(id)
        $0.combine(raw)
      }
      return
    }
    self.init {
      $0.combine(id)
      $0.combine(event.text)
      $0.combine(event.time)
    }
  }
}
