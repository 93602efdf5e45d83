import Foundation
import SystemPackage

/// The tables of events and states in the article Architecture.
enum ArticleTable {
  /// The rows with as many states as `states`: an event's name, and the cells of the states before. A cell is nil where
  /// the event changes nothing.
  static func rows(states: [String]) throws -> [String: [String?]] {
    var root = FilePath(#filePath)
    for _ in ["ArticleTable.swift", "Support", "BerayFSTests", "Tests"] { root.removeLastComponent() }
    let article = root.appending("Sources/beray-fs/Documentation.docc/Architecture.md")
    let text = try String(contentsOfFile: article.string, encoding: .utf8)
    var rows: [String: [String?]] = [:]
    var isInTable = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("|") else {
        isInTable = false
        continue
      }
      let cells = line.dropFirst(2).dropLast(2).split(separator: " | ").map(String.init)
      if cells.first == "event" { isInTable = Array(cells.dropFirst()) == states }
      guard isInTable, let name = cells.first?.wholeMatch(of: /.*\(`(\w+)`\)/)?.1 else { continue }
      rows[String(name)] = cells.dropFirst().map { $0 == "–" ? nil : $0 }
    }
    return rows
  }
}
