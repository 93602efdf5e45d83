package import BerayAPI

/// A task's list of events, with their identities. Create it before taking a lock: hashing a long list takes a while.
package struct ListedEvents: Sendable {
  struct Item: Sendable {
    var event: TaskEvent
    var identity: EventIdentity
    /// The identity by id; nil if the event has none.
    var key: EventIdentity?

    init(_ event: TaskEvent) {
      self.event = event
      identity = EventIdentity(contentOf: event)
      key = event.id.map { EventIdentity(id: $0, of: event) }
    }
  }

  var items: [Item]
  let chain: EventChain

  package init(_ events: [TaskEvent]) {
    items = events.map(Item.init)
    chain = EventChain(events)
  }

  /// Whether every event has an id.
  var haveIDs: Bool { items.allSatisfy { $0.key != nil } }
}
