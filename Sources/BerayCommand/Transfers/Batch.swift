import ArgumentParser

/// Many transfers, a few at a time. One that fails does not keep the others from being done.
struct Batch<Item: Sendable>: Sendable {
  let items: [Item]
  /// How many at a time: small files wait for answers most of the time.
  var width = 4

  /// - Throws: the error of the only item; of several, exit status 1 after each was told.
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
