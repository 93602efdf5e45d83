import Foundation
import PosixFacts

/// `posix-facts NAME` exits with 0 if the fact of that name holds of the working directory, which has to be empty.
///
/// A process of its own, for the one that serves a mount must never use it. Each call of a fact blocks.
@main
struct PosixFactsProgram {
  static func main() async {
    umask(0o022)
    guard CommandLine.arguments.count == 2,
      let fact = PosixFact.all.first(where: { $0.name == CommandLine.arguments[1] })
    else {
      fail("usage: posix-facts NAME", status: 2)
    }
    do {
      try await fact.check(in: DirectoryWorld("."))
    } catch {
      fail("\(fact): \(error)", status: 1)
    }
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(status)
  }
}
