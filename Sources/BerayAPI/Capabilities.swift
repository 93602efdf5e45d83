/// What a server offers beyond the endpoints of the BeRay SDK, read from its `/openapi.json`.
public struct Capabilities: OptionSet, Hashable, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// `DELETE tasks/{id}/files/content`: remove a file or an empty directory.
  public static let remove = Capabilities(rawValue: 1 << 0)
  /// `POST tasks/{id}/files/move`: rename.
  public static let move = Capabilities(rawValue: 1 << 1)
  /// `POST tasks/{id}/files/directory`: make a directory.
  public static let makeDirectory = Capabilities(rawValue: 1 << 2)
  /// `PATCH tasks/{id}/files/attributes`: set mode and time.
  public static let attributes = Capabilities(rawValue: 1 << 3)
  /// `GET tasks/{id}/files/tree?recursive=true`: a whole subtree in one answer.
  public static let recursiveTree = Capabilities(rawValue: 1 << 4)
  /// `Range` and `If-None-Match` on `GET tasks/{id}/files/content`.
  public static let ranges = Capabilities(rawValue: 1 << 5)
  /// `Last-Event-ID` on `GET tasks/{id}/stream`.
  public static let resumableStream = Capabilities(rawValue: 1 << 6)
  /// `If-Match` and `If-None-Match` on `PUT tasks/{id}/files/content`.
  public static let conditionalUploads = Capabilities(rawValue: 1 << 7)
  /// `If-Match` on `PATCH tasks/{id}/files/attributes`.
  public static let conditionalAttributes = Capabilities(rawValue: 1 << 8)
  /// `If-Match` on `POST tasks/{id}/files/move`, of the file that is replaced.
  public static let conditionalMoves = Capabilities(rawValue: 1 << 9)
  /// `POST tasks/{id}/files/append` with `Idempotency-Key`: add bytes at the end of a file, whatever others add.
  public static let append = Capabilities(rawValue: 1 << 10)
  /// `agent` in the body of `POST tasks/`.
  public static let choosesAgent = Capabilities(rawValue: 1 << 12)
  /// `from` in the body of `POST tasks/`.
  public static let startsFrom = Capabilities(rawValue: 1 << 13)
  /// `x-beray-events`: events are what ``EventContract/declared`` says, and need no guesses.
  public static let declaredEvents = Capabilities(rawValue: 1 << 11)
}

extension Capabilities {
  /// How to read the events of a server with these capabilities.
  public var eventContract: EventContract { contains(.declaredEvents) ? .declared : .undeclared }
}
