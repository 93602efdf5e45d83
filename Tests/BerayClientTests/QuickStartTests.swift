import Foundation
import Testing

/// The Swift of the documentation is that of QuickStart.swift.
@Suite struct QuickStartTests {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.sources.appendingPathComponent(path), encoding: .utf8)
  }

  /// The Swift in the fences of a document, without its imports.
  private func snippets(of path: String) throws -> [String] {
    try text(path).components(separatedBy: "```swift\n").dropFirst()
      .map { fence in
        fence.components(separatedBy: "```")[0].split(separator: "\n", omittingEmptySubsequences: false)
          .filter { !$0.hasPrefix("import ") }.joined(separator: "\n").trimmingCharacters(in: .newlines)
      }
  }

  @Test(arguments: [
    "../../Sources/beray-fs/Documentation.docc/SDK.md", "../../Sources/BerayClient/Documentation.docc/BerayClient.md",
  ])
  func compiles(document: String) throws {
    let compiled = try text("QuickStart.swift").split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("  ") ? $0.dropFirst(2) : $0 }.joined(separator: "\n")
    // A line of a package manifest is no program.
    let snippets = try snippets(of: document).filter { !$0.hasPrefix(".package") }
    #expect(!snippets.isEmpty)
    for snippet in snippets { #expect(compiled.contains(snippet), "\(snippet)") }
  }
}
