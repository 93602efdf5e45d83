package import BerayAPI

/// The events of a task as a list of them tells, with what tells them apart. Made before a lock is taken: of a long list it
/// takes a while.
package struct ListedEvents: Sendable {
  struct Item: Sendable {
    var event: TaskEvent
    var identity: EventIdentity
    /// The same with the event's id, where it has one.
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

  /// Whether each can be told apart by its id.
  var haveIDs: Bool { items.allSatisfy { $0.key != nil } }
}
