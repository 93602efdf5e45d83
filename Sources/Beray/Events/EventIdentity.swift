package import BerayAPI

/// A 128-bit hash of an event's content. It allows logs to be compared without keeping the events.
///
/// A server may send an event in one form in the task's list and in another on the stream. So the hash covers the
/// decoded fields. It covers the raw object only if neither a text nor a time was found.
package struct EventIdentity: Hashable, Sendable {
  private let high: Int
  private let low: Int

  private init(_ feed: (inout Hasher) -> Void) {
    // Hasher has a random seed in each process, so a server cannot provoke a collision.
    var first = Hasher()
    first.combine(UInt8(1))
    feed(&first)
    var second = Hasher()
    second.combine(UInt8(2))
    feed(&second)
    high = first.finalize()
    low = second.finalize()
  }

  /// Identifies an event by its content and ignores its id.
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

  /// Identifies an event by its id, text and time. The id alone is not enough: some servers send the same `id` with all
  /// events of a task. The type is left out, because some streams and lists put it in different places.
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
