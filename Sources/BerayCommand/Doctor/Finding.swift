import BerayAPI

/// The result of one check by `doctor`.
struct Finding: Hashable, Sendable {
  enum Verdict: String, Sendable {
    case pass = "PASS"
    /// Something is limited, or works only for some users.
    case warn = "WARN"
    case fail = "FAIL"
  }

  let name: String
  let verdict: Verdict
  let what: String
  /// The step that solves the problem.
  var advice: String?

  static func pass(_ name: String, _ what: String) -> Finding { Finding(name: name, verdict: .pass, what: what) }

  static func warn(_ name: String, _ what: String, _ advice: String) -> Finding {
    Finding(name: name, verdict: .warn, what: what, advice: advice)
  }

  static func fail(_ name: String, _ what: String, _ advice: String) -> Finding {
    Finding(name: name, verdict: .fail, what: what, advice: advice)
  }

  var json: JSON {
    .object([
      .init("name", .string(name)), .init("verdict", .string(verdict.rawValue)), .init("what", .string(what)),
      .init("advice", advice.map { .string($0) } ?? .null),
    ])
  }
}

/// All results of `doctor`.
struct Findings: Payload {
  let all: [Finding]

  var hasFailure: Bool { all.contains { $0.verdict == .fail } }

  var json: JSON { .array(all.map(\.json)) }

  func lines(on page: Page) -> [String] {
    all.flatMap { finding in
      let style: Style =
        switch finding.verdict {
        case .pass: .green
        case .warn: .yellow
        case .fail: .red
        }
      let line = "\(page.styled(finding.verdict.rawValue, style))  \(finding.name): \(ShownText.escaped(finding.what))"
      return [line] + (finding.advice.map { ["      \(ShownText.escaped($0))"] } ?? [])
    }
  }
}
