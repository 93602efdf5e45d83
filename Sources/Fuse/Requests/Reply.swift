import CFuse
import Glibc
import Logging
import SystemPackage

/// The obligation to answer one request of the kernel, exactly once.
///
/// Sending consumes the token. One that is dropped answers `EIO` and leaves a line in the log, so that no caller
/// waits for ever because of a mistake here.
///
/// `@unchecked Sendable`: a `fuse_req_t` may be answered from any thread (fuse_lowlevel.h), and the token, which cannot
/// be copied, is its only user.
struct Reply<Shape: ReplyShape>: ~Copyable, @unchecked Sendable {
  private let request: OpaquePointer

  init(_ request: OpaquePointer) { self.request = request }

  deinit {
    Adapter.serving(request).logger.error(
      "a request was dropped unanswered; it failed with EIO", metadata: ["reply": "\(Shape.self)"])
    fuse_reply_err(request, EIO)
  }

  /// Answers with `value`.
  /// - Returns: Whether the kernel took it. If not, it had given up on the request (`ENOENT`) or is gone, and what the
  ///   answer gave out has to be taken back.
  consuming func send(_ value: borrowing Shape.Value) -> Bool {
    let result = Shape.send(value, to: request)
    discard self
    return result == 0
  }

  /// Answers with an error.
  consuming func fail(_ errno: Errno) {
    // 0 would be success without a value, and what the kernel has no room for is a protocol error to it.
    let number = (1..<512).contains(errno.rawValue) ? errno.rawValue : EIO
    fuse_reply_err(request, number)
    discard self
  }
}

/// What a kind of request is answered with, and the libfuse call that does it.
protocol ReplyShape: SendableMetatype {
  associatedtype Value: Sendable

  /// Answers `request`, which is invalid afterwards.
  /// - Returns: 0, or a negated errno.
  static func send(_ value: borrowing Value, to request: OpaquePointer) -> Int32
  /// Whether the answer is made and sent in no time, so that ``VFS/FileSystem/executor`` may be kept for it.
  static var isBrief: Bool { get }
  /// Whether any signal ends the wait for it, as that of a read from a pipe, and not those alone that ask a program to
  /// end. Of pages of a file, the kernel tells no signal.
  static var endsWithAnySignal: Bool { get }
}

extension ReplyShape {
  static var isBrief: Bool { false }
  static var endsWithAnySignal: Bool { false }
}
