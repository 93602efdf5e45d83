import SystemPackage
import Testing
import Waiting

@testable import BerayFS

/// Whose turn it is to tell the server something of a file.
@Suite struct TurnTests {
  private let upload = Flight<Void, Errno>()
  private let change = Flight<Void, Errno>()

  private static let states = ["free", "sending", "renaming", "renaming, sending"]

  private func turn(_ state: String) throws -> Turn {
    switch state {
    case "free": .free
    case "sending": .sending(upload)
    case "renaming": .changingName(change, sending: nil)
    case "renaming, sending": .changingName(change, sending: upload)
    default: throw Errno.invalidArgument
    }
  }

  private func state(_ turn: Turn) -> String {
    switch turn {
    case .free: "free"
    case .sending(let flight): flight === upload ? "sending" : "sending another"
    case .changingName(let name, nil): name === change ? "renaming" : "renaming another"
    case .changingName(let name, let sending?):
      name === change && sending === upload ? "renaming, sending" : "another"
    }
  }

  /// Walks the table of the article Architecture.
  @Test func anEventLeadsFromEachStateToOne() throws {
    let events: [String: (inout Turn) -> Void] = [
      "beginsSending": { $0.begins(sending: upload) }, "endsSending": { $0.ends(sending: upload) },
      "beginsRenaming": { $0.begins(changingName: change) }, "endsRenaming": { $0.ends(changingName: change) },
    ]
    let rows = try ArticleTable.rows(states: Self.states)
    #expect(Set(rows.keys) == Set(events.keys))
    for (name, cells) in rows {
      for (before, cell) in zip(Self.states, cells) where cell != "never" {
        var turn = try turn(before)
        events[name]?(&turn)
        #expect(state(turn) == cell ?? before, "\(name) from \(before)")
      }
    }
  }

  /// A change of a name takes its turn while an upload is on its way, and waits for that.
  @Test func aNameChangesAndAnUploadGoesAtOnce() {
    var turn = Turn.free
    let (upload, change) = (Flight<Void, Errno>(), Flight<Void, Errno>())
    turn.begins(sending: upload)
    turn.begins(changingName: change)
    #expect(turn.sending === upload && turn.nameChange === change)
    // A flight ends only its own turn.
    turn.ends(sending: change)
    turn.ends(changingName: upload)
    #expect(turn.sending === upload && turn.nameChange === change)
    turn.ends(sending: upload)
    #expect(!turn.isFree && turn.sending == nil && turn.nameChange === change)
    // What the change itself sends.
    turn.begins(sending: upload)
    turn.ends(changingName: change)
    #expect(turn.sending === upload && turn.nameChange == nil)
    turn.ends(sending: upload)
    #expect(turn.isFree)
  }
}
