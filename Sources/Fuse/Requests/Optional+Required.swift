import CFuse
import Glibc

extension Optional {
  /// Unwraps an argument that libfuse always passes. If it is missing, the request fails with `EIO`, because its caller
  /// waits for an answer.
  func required(by request: OpaquePointer) -> Wrapped? {
    if case .none = self { fuse_reply_err(request, EIO) }
    return self
  }
}
