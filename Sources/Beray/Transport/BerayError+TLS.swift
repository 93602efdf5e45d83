internal import NIOSSL

extension BerayError {
  /// Translates an error of the TLS library; nil if the error is not from it.
  static func meaning(ofTLS error: any Error) -> (Code, String)? {
    switch error {
    // The peer closed the connection without close_notify, so the answer may be truncated.
    case NIOSSLError.uncleanShutdown: (.connectionLost, "the server closed the connection")
    case NIOSSLError.handshakeFailed(let reason): (.secureConnectionFailed, sentence(for: reason))
    case let error as NIOSSLError: (.secureConnectionFailed, "TLS failed: \(error)")
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      (.secureConnectionFailed, "the server's certificate is for another name")
    case is NIOSSLExtraError: (.secureConnectionFailed, "the server's name cannot be one of a certificate")
    case let error as BoringSSLError: (.secureConnectionFailed, sentence(for: error))
    default: nil
    }
  }

  /// Extracts the reason. The library's own text also has codes and source locations.
  private static func sentence(for error: BoringSSLError) -> String {
    guard case .sslError(let stack) = error else { return "TLS failed" }
    if stack.contains(.eofDuringHandshake) { return "the server closed the connection during the TLS handshake" }
    let reasons = stack.compactMap { entry in
      // "error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …/handshake.cc:393"
      entry.description.split(separator: " ").first { $0.contains("OPENSSL_internal:") }?.split(separator: ":").last
    }
    if reasons.contains("CERTIFICATE_VERIFY_FAILED") {
      return "the server's certificate has expired, or its issuer is unknown"
    }
    if reasons.contains("WRONG_VERSION_NUMBER") || reasons.contains("HTTP_REQUEST") {
      return "the server speaks no TLS there"
    }
    return "TLS failed: " + reasons.map { $0.lowercased().replacing("_", with: " ") }.joined(separator: ", ")
  }
}
