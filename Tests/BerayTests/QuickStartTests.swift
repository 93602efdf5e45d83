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

  /// The Swift in the doc comments of a source.
  private func examples(of path: String) throws -> [String] {
    try text(path).components(separatedBy: "/// ```swift\n").dropFirst().map { fence in
      fence.components(separatedBy: "/// ```")[0].split(separator: "\n")
        .map { $0.drop { $0 == " " }.dropFirst("/// ".count) }.filter { !$0.isEmpty }.joined(separator: "\n")
    }
  }

  /// Every call has an example, and each is one of those that compile.
  @Test func examplesOfCallsCompile() throws {
    let compiled = try text("Examples.swift").split(separator: "\n").map { $0.hasPrefix("    ") ? $0.dropFirst(4) : $0 }
      .joined(separator: "\n")
    let root = Self.sources.appendingPathComponent("../../Sources/Beray")
    let files = try #require(FileManager.default.enumerator(atPath: root.path)).compactMap { $0 as? String }
    var without: [String] = []
    for file in files where file.contains("BerayClient") && file.hasSuffix(".swift") {
      let path = "../../Sources/Beray/" + file
      for example in try examples(of: path) { #expect(compiled.contains(example), "\(file): \(example)") }
      let lines = try text(path).split(separator: "\n")
      for (number, line) in lines.enumerated()
      where line.hasPrefix("  public func ") && !line.contains("Iterator") {
        let comment = lines[..<number].reversed().prefix { $0.hasPrefix("  ///") || $0.hasPrefix("  @") }
        if !comment.contains(where: { $0.hasSuffix("```swift") }) { without.append("\(file): \(line)") }
      }
    }
    #expect(without.isEmpty)
  }

  @Test(arguments: [
    "../../Sources/beray-fs/Documentation.docc/SDK.md", "../../Sources/Beray/Documentation.docc/Beray.md",
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
