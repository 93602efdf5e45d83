import ArgumentParser

/// Runs many transfers, a few at a time. A failure does not stop the others.
struct Batch<Item: Sendable>: Sendable {
  let items: [Item]
  /// How many run at a time. Small files spend most of their time waiting for answers.
  var width = 4

  /// - Throws: the error of a single item. For several items, prints each error and throws exit status 1.
  func run(
    in context: Context, advice: ErrorAdvice, _ body: @escaping @Sendable (Item) async throws -> Void
  ) async throws {
    if items.count == 1 { return try await body(items[0]) }
    let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
      var failures = 0
      for (index, item) in items.enumerated() {
        if index >= width, try await group.next() == false { failures += 1 }
        group.addTask {
          do {
            try await body(item)
            return true
          } catch let error where !(error is OutputClosed) && !Task.isCancelled {
            context.note("beray-fs: \(ErrorText.sentence(for: error, advice: advice))")
            return false
          }
        }
      }
      while let isDone = try await group.next() { if !isDone { failures += 1 } }
      return failures
    }
    if failures > 0 { throw ExitCode(1) }
  }
}
