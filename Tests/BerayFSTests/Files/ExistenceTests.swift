import SystemPackage
import Testing
import VFS
import Waiting

@testable import BerayFS

/// Walks the table of the article Architecture: what each event makes of each state.
struct ExistenceTests {
  /// The states, as the table names them.
  enum State: String, CaseIterable {
    case onServer, new, heldBackNew, heldBackOverServers, gone, goneUnsent

    var existence: Existence {
      switch self {
      case .onServer: .onServer
      case .new: .new
      case .heldBackNew: .heldBack(.init(isNew: true))
      case .heldBackOverServers: .heldBack(.init(isNew: false))
      case .gone: .gone(.init(wasNew: false, forgotten: nil, isLost: false))
      case .goneUnsent: .gone(.init(wasNew: true, forgotten: nil, isLost: false))
      }
    }

    init(_ existence: Existence) {
      self =
        switch existence {
        case .onServer: .onServer
        case .new: .new
        case .heldBack(let held): held.isNew ? .heldBackNew : .heldBackOverServers
        case .gone(let departure): departure.wasNew ? .goneUnsent : .gone
        }
    }
  }

  /// An event, and the state that it leads to from each of ``State/allCases``.
  struct Event: Sendable, CustomTestStringConvertible {
    var name: String
    var leadsTo: [State]
    var happen: @Sendable (inout Existence) -> Void
    var testDescription: String { name }

    init(_ name: String, _ leadsTo: State..., happen: @escaping @Sendable (inout Existence) -> Void) {
      (self.name, self.leadsTo, self.happen) = (name, leadsTo, happen)
    }
  }

  static let events: [Event] = [
    Event("serverHasIt", .onServer, .onServer, .heldBackOverServers, .heldBackOverServers, .gone, .gone) {
      $0.serverHasIt()
    },
    Event("arrived", .onServer, .onServer, .onServer, .onServer, .gone, .gone) { $0.arrived() },
    Event("holdBack, new", .heldBackNew, .heldBackNew, .heldBackNew, .heldBackNew, .gone, .goneUnsent) {
      $0.holdBack(isNew: true)
    },
    Event(
      "holdBack, over the server's", .heldBackOverServers, .heldBackOverServers, .heldBackOverServers,
      .heldBackOverServers, .gone, .goneUnsent
    ) { $0.holdBack(isNew: false) },
    Event("goesUp", .onServer, .new, .new, .onServer, .gone, .goneUnsent) { $0.goesUp() },
    Event("opened", .onServer, .new, .heldBackNew, .heldBackOverServers, .gone, .goneUnsent) { $0.opened(by: nil) },
    Event("beginWait", .onServer, .new, .heldBackNew, .heldBackOverServers, .gone, .goneUnsent) {
      _ = $0.beginWait()
    },
    Event("goes", .gone, .goneUnsent, .goneUnsent, .gone, .gone, .goneUnsent) {
      _ = $0.goes(forgotten: nil, isLost: false)
    },
  ]

  @Test(arguments: events)
  func anEventLeadsFromEachStateToOne(_ event: Event) {
    #expect(event.leadsTo.count == State.allCases.count)
    for (state, next) in zip(State.allCases, event.leadsTo) {
      var existence = state.existence
      event.happen(&existence)
      #expect(State(existence) == next, "from \(state)")
    }
  }

  @Test func theArticleTellsTheSame() throws {
    let names = ["on the server", "new", "held back", "held back, over", "gone", "gone, was new"]
    let words = Dictionary(uniqueKeysWithValues: zip(names, State.allCases))
    let rows = try ArticleTable.rows(states: names)
    #expect(Set(rows.keys) == Set(Self.events.map { String($0.name.prefix { $0 != "," }) }))
    for (name, cells) in rows {
      let states = try zip(State.allCases, cells).map { state, cell in try cell.map { try #require(words[$0]) } ?? state
      }
      let event = try #require(Self.events.first { $0.name.prefix { $0 != "," } == name })
      #expect(event.leadsTo == states, "\(name)")
    }
  }

  @Test(arguments: State.allCases)
  func whatIsSentIsNeitherHeldBackNorGone(_ state: State) {
    let existence = state.existence
    #expect(existence.isSent == !(existence.isHeldBack || existence.isGone))
    #expect(existence.isNew == [.new, .heldBackNew, .goneUnsent].contains(state))
  }

  @Test func aWaitThatBeganAnewEndsTheOneOfBefore() throws {
    var existence = Existence.heldBack(.init(isNew: true))
    let waits = [existence.beginWait(), existence.beginWait()]
    let (first, second) = (try #require(waits[0]), try #require(waits[1]))
    #expect(!existence.isDecided(by: first) && existence.isDecided(by: second))
    // A step that is held back once more waits anew.
    existence.goesUp()
    existence.holdBack(isNew: false)
    #expect(!existence.isDecided(by: second))
  }

  @Test func whoWritesKeepsAFileThatIsHeldBack() {
    var existence = Existence.heldBack(.init(isNew: true))
    existence.opened(by: ProcessID(rawValue: 7))
    existence.holdBack(isNew: false)
    #expect(existence.keeper == ProcessID(rawValue: 7))
    var other = Existence.new
    other.opened(by: ProcessID(rawValue: 7))
    #expect(other.keeper == nil)
  }

  /// What is lost stays so, and the kernel is to look a name up again only while it may lead here.
  @Test func aFileGoesOnce() {
    var existence = Existence.onServer
    let forgotten = Flight<Void, Errno>()
    let wasThere = existence.goes(forgotten: forgotten, isLost: true)
    #expect(wasThere && existence.isLost && existence.isOutOfDate)
    forgotten.finish(.success(()))
    #expect(!existence.isOutOfDate)
    let isThere = existence.goes(forgotten: nil, isLost: false)
    #expect(!isThere && existence.isLost)
  }
}
