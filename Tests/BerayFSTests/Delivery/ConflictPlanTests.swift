import Beray
import BerayAPI
import SystemPackage
import Testing

@testable import BerayFS

/// What an upload does about versions of others, step by step and against a server that others write to all the time.
@Suite struct ConflictPlanTests {
  private static let base = version(1)

  private static func version(_ number: Int) -> FileVersion { FileVersion(size: 1, etag: "\"\(number)\"") }
  private static func matching(_ number: Int) -> ConflictPlan.Step { .put(.matching(etag: "\"\(number)\"")) }

  private static func plan(isConditional: Bool = true, yields: Bool = false, isWhole: Bool = true) -> ConflictPlan {
    ConflictPlan(isConditional: isConditional, yields: yields, isWhole: isWhole, recent: .seconds(1))
  }

  private func seen(_ number: Int?, base: FileVersion? = base, appends: Bool = false) -> ConflictPlan.Sighting {
    ConflictPlan.Sighting(version: number.map(Self.version), isFresh: true, base: base, appends: appends)
  }

  @Test func aKnownVersionIsReplacedAtOnce() {
    var plan = Self.plan()
    #expect(plan.begins(seen(1)) == Self.matching(1))
    #expect(!plan.replacesOthers)
  }

  @Test func aNewFileMustBeAbsent() {
    var plan = Self.plan()
    #expect(plan.begins(seen(nil, base: nil)) == .put(.absent))
  }

  @Test func theLastCloseWinsAndIsTold() {
    var plan = Self.plan()
    #expect(plan.begins(seen(1)) == Self.matching(1))
    #expect(plan.refused(seen(1)) == .list(unlessYoungerThan: .zero))
    #expect(plan.listed(seen(2), failure: nil) == .examine(Self.version(2)))
    #expect(plan.isOthers(Self.version(2)) == Self.matching(2))
    #expect(plan.replacesOthers)
  }

  @Test func aRetryReplacesNothingOfOthers() {
    var plan = Self.plan(yields: true)
    #expect(plan.begins(seen(2)) == .examine(Self.version(2)))
    #expect(plan.isOthers(Self.version(2)) == .end(.conflict))
  }

  @Test func anUploadWhoseAnswerWasLostIsNobodyElses() {
    var plan = Self.plan(yields: true)
    #expect(plan.begins(seen(2)) == .examine(Self.version(2)))
    #expect(plan.isOurs(Self.version(2)) == Self.matching(2))
    #expect(!plan.replacesOthers)
  }

  /// Others removed the file, and nothing of theirs is replaced.
  @Test(arguments: [true, false])
  func whereTheExpectedVersionIsGone(yields: Bool) {
    var plan = Self.plan(yields: yields)
    _ = plan.begins(seen(1))
    _ = plan.refused(seen(1))
    #expect(plan.listed(seen(1), failure: nil) == .put(yields ? .absent : nil))
    #expect(!plan.replacesOthers)
    // It is there after all.
    #expect(plan.refused(seen(2)) == .examine(Self.version(2)))
  }

  @Test func withoutConditionsTheListingHasToBeNew() {
    var whole = Self.plan(isConditional: false)
    #expect(whole.begins(seen(1)) == .list(unlessYoungerThan: .seconds(1)))
    #expect(whole.listed(seen(1), failure: nil) == .put(nil))
    var part = Self.plan(isConditional: false, isWhole: false)
    #expect(part.begins(seen(1)) == .list(unlessYoungerThan: .zero))
    var append = Self.plan(isConditional: false)
    #expect(append.begins(seen(1, appends: true)) == .list(unlessYoungerThan: .zero))
    var retry = Self.plan(isConditional: false, yields: true, isWhole: false)
    #expect(retry.begins(seen(1)) == .list(unlessYoungerThan: .seconds(1)))
  }

  @Test func withoutAListingACloseGoesOnAndARetryWaits() {
    var close = Self.plan(isConditional: false)
    _ = close.begins(seen(1))
    #expect(close.listed(seen(1), failure: .ioError) == .put(nil))
    var retry = Self.plan(isConditional: false, yields: true)
    _ = retry.begins(seen(1))
    #expect(retry.listed(seen(1), failure: .ioError) == .end(.unknown(.ioError)))
    var gone = Self.plan(isConditional: false, yields: true)
    _ = gone.begins(seen(1))
    #expect(gone.listed(seen(1), failure: .noSuchFileOrDirectory) == .end(.conflict))
    var refused = Self.plan()
    _ = refused.begins(seen(1))
    _ = refused.refused(seen(1))
    #expect(refused.listed(seen(1), failure: .ioError) == .end(.unknown(.ioError)))
  }

  /// A weak tag never matches, so the server cannot be asked to compare it.
  @Test func aWeakTagIsNoCondition() {
    let weak = FileVersion(size: 1, etag: "W/\"1\"")
    let seen = ConflictPlan.Sighting(version: weak, isFresh: true, base: weak, appends: false)
    var plan = Self.plan()
    #expect(plan.begins(seen) == .list(unlessYoungerThan: .seconds(1)))
    #expect(plan.listed(seen, failure: nil) == .put(nil))
  }

  /// A listing that tells no versions: an append asks by itself, unless it has just done so.
  @Test(arguments: [(appends: true, isFresh: false), (true, true), (false, false)])
  func aListingOfSizesAlone(appends: Bool, isFresh: Bool) {
    let size = FileVersion(size: 1)
    let seen = ConflictPlan.Sighting(version: size, isFresh: isFresh, base: size, appends: appends)
    var plan = Self.plan(isConditional: false)
    _ = plan.begins(seen)
    let step = plan.listed(seen, failure: nil)
    #expect(step == (appends && !isFresh ? .examine(size) : .put(nil)))
  }

  @Test func aListingOfNamesAloneContradictsNothing() {
    var plan = Self.plan()
    #expect(
      plan.begins(.init(version: FileVersion(), isFresh: false, base: Self.base, appends: false)) == Self.matching(1))
  }

  /// The answer of an upload named no version, and the listing that follows tells it.
  @Test func whatTheFirstListingTellsOfOurOwnVersionIsTheBase() {
    let (told, listed) = (FileVersion(size: 1), FileVersion(size: 1, modified: UTCTime(seconds: 7)))
    var plan = Self.plan(isConditional: false)
    let step = plan.begins(.init(version: told, isFresh: true, base: told, appends: false))
    #expect(step == .list(unlessYoungerThan: .seconds(1)))
    #expect(plan.listed(.init(version: listed, isFresh: true, base: listed, appends: false), failure: nil) == .put(nil))
    #expect(!plan.replacesOthers)
  }

  /// A program writes in the middle while the listing is on its way.
  @Test func whatIsNoAppendAnyMoreReplacesLikeAnyWrite() {
    let size = FileVersion(size: 1)
    var plan = Self.plan(isConditional: false)
    _ = plan.begins(.init(version: size, isFresh: false, base: size, appends: true))
    let step = plan.listed(.init(version: size, isFresh: false, base: size, appends: false), failure: nil)
    #expect(step == .put(nil))
  }

  @Test func theLastTryOfACloseCarriesNoCondition() {
    var plan = Self.plan()
    var step = plan.begins(seen(1))
    var conditions: [Bool] = []
    for number in 2... {
      guard case .put(let condition) = step else { break }
      conditions.append(condition != nil)
      guard condition != nil else { break }
      _ = plan.refused(seen(1))
      #expect(plan.listed(seen(number), failure: nil) == .examine(Self.version(number)))
      step = plan.isOthers(Self.version(number))
    }
    #expect(conditions == [true, true, true, false])
  }

  // MARK: - Against others

  private struct Manner: Sendable, CustomTestStringConvertible {
    var yields = false
    var appends = false
    var testDescription: String { yields ? (appends ? "append, retry" : "retry") : appends ? "append" : "close" }
  }

  private static let manners = [false, true].flatMap { yields in
    [false, true].map { Manner(yields: yields, appends: $0) }
  }

  @Test(arguments: manners)
  private func nothingOfOthersIsLostUntold(_ manner: Manner) {
    for seed in UInt64(0)..<500 {
      var random = SeededGenerator(seed)
      // The lines of each version, which is its place here; nil after a removal.
      var versions: [Set<Int>?] = [nil, [0]]
      var listed: Int? = 1
      var upload: Set<Int> = manner.appends ? [0, -1] : [-1]
      var plan = Self.plan(yields: manner.yields)
      func seen(_ number: Int?) -> ConflictPlan.Sighting { self.seen(number, appends: manner.appends) }
      func version() -> Int? { versions.last.flatMap { $0 } == nil ? nil : versions.count - 1 }
      var step = plan.begins(seen(listed))
      var count = 0
      walk: while true {
        count += 1
        guard count < 60 else {
          Issue.record("seed \(seed): no end")
          break
        }
        switch UInt64.random(in: 0..<10, using: &random) {
        case 0..<3: versions.append((versions.last.flatMap { $0 } ?? []).union([versions.count]))
        case 3: versions.append(nil)
        default: break
        }
        switch step {
        case .list:
          listed = version()
          step = plan.listed(seen(listed), failure: nil)
        case .examine(let other):
          let number = listed ?? 0
          #expect(other == Self.version(number), "seed \(seed)")
          if manner.appends {
            upload = (versions[number] ?? []).union([-1])
            step = plan.isOurs(other)
          } else {
            step = plan.isOthers(other)
          }
        case .put(let condition):
          let present = version()
          let isMet =
            switch condition {
            case nil: true
            case .absent: present == nil
            case .matching(let etag): present.map { Self.version($0).etag } == etag
            }
          guard isMet else {
            step = plan.refused(seen(listed))
            continue
          }
          let lost = (versions.last.flatMap { $0 } ?? []).subtracting(upload).subtracting([0])
          if manner.yields || manner.appends { #expect(lost.isEmpty, "seed \(seed): \(lost)") }
          if condition != nil { #expect(plan.replacesOthers || lost.isEmpty, "seed \(seed): \(lost) is not told") }
          break walk
        case .end(let ending):
          #expect(manner.yields ? ending == .conflict : manner.appends, "seed \(seed): \(ending)")
          break walk
        }
      }
    }
  }
}
