internal import NIOSSL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension TLSConfiguration {
  /// Trusts the system's certificates, and refuses the TLS versions that RFC 8996 deprecates.
  static var ofClients: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    return configuration
  }

  /// Trusts the certificates in a PEM file in addition to the system's.
  /// - Throws: ``BerayError/Code/invalidRequest`` if the file cannot be read or contains no certificate.
  static func trusting(authoritiesIn path: String) throws(BerayError) -> TLSConfiguration {
    func fault(_ reason: String) -> BerayError {
      BerayError(.invalidRequest, detail: "no certificates can be read from \(path): \(reason)", operation: "TLS")
    }
    guard access(path, R_OK) == 0 else { throw fault(String(cString: strerror(errno))) }
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
      throw fault("the file has no certificate in PEM format")
    }
    var configuration = TLSConfiguration.ofClients
    configuration.additionalTrustRoots = [.certificates(certificates)]
    return configuration
  }
}
