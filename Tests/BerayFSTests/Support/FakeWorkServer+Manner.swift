import Beray
import BerayAPI

@testable import BerayFS

extension FakeWorkServer {
  enum Operation: Hashable, Sendable {
    case capabilities, tree, content, upload, append, archive, remove, move, directory, attributes
  }

  /// How the server answers.
  struct Manner: Sendable {
    var capabilities: Capabilities
    var tellsSizes = true
    var tellsTimes = true
    var tellsTags = false
    /// Whether content comes with its length.
    var sendsLength = true
    var sendsTags = false
    var hasArchives = true
    /// Whether a range is answered with the whole file though ranges are offered.
    var ignoresRanges = false
    /// Makes another content of what is sent; a length that is sent is its own.
    var distorts: (@Sendable ([UInt8]) -> [UInt8])?
    /// Whether a content is sent again and again, without an end.
    var isEndless = false
    /// How many levels a recursive listing shows.
    var depth = 100
    /// How many seconds the `Date` of an answer lies before the time of the file that was made.
    var dateLag: Int64 = 0
    /// Bytes in a piece of a body.
    var piece = 64 << 10

    static let full = Manner(
      capabilities: [.remove, .move, .makeDirectory, .attributes, .recursiveTree, .ranges], sendsTags: true)
    /// As our own server.
    static let ours = Manner(
      capabilities: full.capabilities.union([.conditionalUploads, .conditionalAttributes, .conditionalMoves]),
      tellsTags: true,
      sendsTags: true)
    /// As our own server with the operation that appends.
    static let appending = Manner(
      capabilities: ours.capabilities.union([.append]), tellsTags: true, sendsTags: true)
    static let bare = Manner(capabilities: [])
    static let minimal = Manner(capabilities: [], tellsSizes: false, tellsTimes: false)
  }
}
