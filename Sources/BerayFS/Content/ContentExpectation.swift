import Beray
import BerayAPI

/// How long the content of an answer must be, by the listing and by the answer itself.
struct ContentExpectation: Sendable {
  /// The longest content, in bytes, that is taken when neither the listing nor the answer gives a length.
  static let unsizedLimit: Int64 = 16 << 30

  /// Bytes; nil: nobody tells.
  let length: Int64?
  /// Whether the answer is of another version than the listed one.
  let isOtherVersion: Bool
  /// Whether the answer is of the listed version, but gives another length.
  let isContradictory: Bool

  /// - Parameter listed: what the server told last of the content.
  init(_ content: FileContent, listed: FileVersion) {
    if let etag = content.etag, let listedTag = listed.etag {
      // Proxies add marks of weakness, which make no other version.
      isOtherVersion = !EntityTag(etag).weaklyMatches(EntityTag(listedTag))
    } else {
      isOtherVersion = false
    }
    let known = isOtherVersion ? nil : listed.size
    length = known ?? content.size
    isContradictory = known != nil && content.size != nil && known != content.size
  }

  /// The most bytes that can be of use.
  var limit: Int64 { length ?? Self.unsizedLimit }

  /// - Parameter received: the bytes that had come when the answer ended.
  func isMet(by received: Int64) -> Bool { length.map { $0 == received } ?? true }
}
