import Beray
import SystemPackage

/// Decides what an upload does about versions that somebody else made since its write began.
///
/// It does nothing itself: ``FileUploader`` takes each step and tells the plan what came of it.
struct ConflictPlan {
  enum Step: Hashable {
    /// Ask the server for its listing, unless the last one is younger.
    case list(unlessYoungerThan: Duration)
    /// Find out what this version holds.
    case examine(FileVersion)
    /// Upload, if the server's version meets the condition.
    case put(VersionCondition?)
    case end(Ending)
  }

  enum Ending: Hashable {
    /// The server has somebody else's version, which this upload must not replace.
    case conflict
    /// The server did not tell which version it has.
    case unknown(Errno)
  }

  /// What the mount knows of the file just now.
  struct Sighting {
    /// What the server has; nil if it has no such file.
    var version: FileVersion?
    /// Whether its content was checked a moment ago.
    var isFresh: Bool
    /// The version that the write began from; nil if there was none. A listing that tells more of an upload of ours
    /// moves it.
    var base: FileVersion?
    /// Whether programs only appended to the base.
    var appends: Bool
  }

  /// How many times an upload that may replace versions of others is tried. The last try carries no condition.
  private static let rounds = 4
  /// How many times one that may not is tried.
  private static let patientRounds = 16

  /// Whether the server checks the condition of an upload.
  let isConditional: Bool
  /// Whether the upload replaces nothing of others.
  let yields: Bool
  /// Whether the upload has the whole content, and takes no bytes from the base.
  let isWhole: Bool
  /// The largest age of a listing that counts as what the server has now.
  let recent: Duration

  private enum Phase {
    case beginning, uploading, refused
    /// The expected version is gone, and no other took its place.
    case placing
  }

  private var phase = Phase.beginning
  private var round = 0
  /// Whether the upload replaces nothing of others, however often they come in between.
  private var mustHold = false
  /// The version that the upload is about to replace.
  private var known: FileVersion?
  private var isKnownOthers = false

  init(isConditional: Bool, yields: Bool, isWhole: Bool, recent: Duration) {
    self.isConditional = isConditional
    self.yields = yields
    self.isWhole = isWhole
    self.recent = recent
  }

  /// Whether the upload, once it has arrived, has replaced a version of somebody else.
  var replacesOthers: Bool { isKnownOthers && phase != .placing }

  // MARK: - Events

  mutating func begins(_ seen: Sighting) -> Step {
    // A condition makes the server compare; without one, the listing has to be new enough.
    if isConditional, VersionCondition(replacing: seen.base) != nil { return firstRound(seen) }
    let needsNewest = !yields && (!isWhole || seen.appends)
    return .list(unlessYoungerThan: needsNewest ? .zero : recent)
  }

  /// The listing came, or failed.
  mutating func listed(_ seen: Sighting, failure: Errno?) -> Step {
    guard phase == .refused else {
      if let failure, yields { return .end(failure == .noSuchFileOrDirectory ? .conflict : .unknown(failure)) }
      return firstRound(seen)
    }
    if let failure { return .end(.unknown(failure)) }
    guard let version = seen.version, !isOther(version, seen) else { return nextRound(seen) }
    phase = .placing
    return .put(mustHold ? .absent : nil)
  }

  /// The upload may replace `version`: this mount uploaded it, or the appended bytes stand behind it now.
  mutating func isOurs(_ version: FileVersion) -> Step { put(replacing: version, ofOthers: false) }

  /// Somebody else wrote `version`, and the upload does not contain it.
  mutating func isOthers(_ version: FileVersion) -> Step {
    yields ? .end(.conflict) : put(replacing: version, ofOthers: true)
  }

  /// The server's version does not meet the condition (412).
  mutating func refused(_ seen: Sighting) -> Step {
    guard phase == .uploading else { return nextRound(seen) }
    phase = .refused
    return .list(unlessYoungerThan: .zero)
  }

  // MARK: - Steps

  private var lastRound: Int { mustHold ? Self.patientRounds : Self.rounds }

  private mutating func firstRound(_ seen: Sighting) -> Step {
    known = seen.base
    mustHold = yields || seen.appends
    return nextRound(seen)
  }

  private mutating func nextRound(_ seen: Sighting) -> Step {
    guard round < lastRound else { return .end(yields ? .conflict : .unknown(.resourceBusy)) }
    round += 1
    if let version = seen.version, isOther(version, seen) { return .examine(version) }
    return put(replacing: known, ofOthers: isKnownOthers)
  }

  private mutating func put(replacing version: FileVersion?, ofOthers isOthers: Bool) -> Step {
    phase = .uploading
    known = version
    isKnownOthers = isOthers
    let isAsked = isConditional && (round < lastRound || mustHold)
    return .put(isAsked ? VersionCondition(replacing: version) : nil)
  }

  /// Whether the server has, or may have, another version than the known one.
  private func isOther(_ listed: FileVersion, _ seen: Sighting) -> Bool {
    // A listing of names alone contradicts nothing.
    guard let known, listed == FileVersion() || listed.isSameContent(as: known) else { return true }
    // If listings tell no versions, an append has to ask by itself.
    return !listed.tellsContent && seen.appends && !seen.isFresh
  }
}
