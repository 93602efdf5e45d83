import CFuse
import Glibc
import Logging
import SystemPackage

/// The obligation to answer one request of the kernel exactly once.
///
/// Sending consumes the token. A token that is dropped answers `EIO` and logs a line, so that a bug here cannot make a
/// caller wait forever.
///
/// `@unchecked Sendable`: a `fuse_req_t` may be answered from any thread (fuse_lowlevel.h). The token is its only user
/// and cannot be copied.
struct Reply<Shape: ReplyShape>: ~Copyable, @unchecked Sendable {
  private let request: OpaquePointer

  init(_ request: OpaquePointer) { self.request = request }

  deinit {
    Adapter.serving(request).logger.error(
      "a request was dropped unanswered; it failed with EIO", metadata: ["reply": "\(Shape.self)"])
    fuse_reply_err(request, EIO)
  }

  /// Answers with `value`.
  /// - Returns: Whether the kernel accepted it. If not, the kernel has given up on the request (`ENOENT`) or the mount
  ///   is gone. The caller must then undo the lookup count or the handle in the answer.
  consuming func send(_ value: borrowing Shape.Value) -> Bool {
    let result = Shape.send(value, to: request)
    discard self
    return result == 0
  }

  /// Answers with an error.
  consuming func fail(_ errno: Errno) {
    // 0 would mean success without a value, and the kernel treats 512 and more as a protocol error.
    let number = (1..<512).contains(errno.rawValue) ? errno.rawValue : EIO
    fuse_reply_err(request, number)
    discard self
  }
}

/// The type of answer to a kind of request, and the libfuse call that sends it.
protocol ReplyShape: SendableMetatype {
  associatedtype Value: Sendable

  /// Answers `request`, which is invalid afterwards.
  /// - Returns: 0, or a negated errno.
  static func send(_ value: borrowing Value, to request: OpaquePointer) -> Int32
  /// Whether making and sending the answer is so quick that it may run on ``VFS/FileSystem/executor``.
  static var isBrief: Bool { get }
  /// Whether any signal ends the wait, as in a read from a pipe. Otherwise only signals that ask a program to end do.
  /// The kernel reports no signals for reads into the page cache.
  static var endsWithAnySignal: Bool { get }
}

extension ReplyShape {
  static var isBrief: Bool { false }
  static var endsWithAnySignal: Bool { false }
}
