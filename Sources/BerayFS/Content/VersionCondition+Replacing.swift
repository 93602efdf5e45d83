import Beray
import BerayAPI

extension VersionCondition {
  /// The condition that the server still has `version`; nil if it cannot be expressed.
  init?(replacing version: FileVersion?) {
    guard let version else {
      self = .absent
      return
    }
    // Weak tags never match (RFC 9110 §13.1.1).
    guard let etag = version.etag, !EntityTag(etag).isWeak else { return nil }
    self = .matching(etag: etag)
  }
}
