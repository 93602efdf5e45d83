package import SystemPackage

/// Why a server does not start.
package enum ServerError: Error, Hashable, Sendable, CustomStringConvertible {
  case dataDirectoryInUse(String)
  case dataDirectoryUnusable(String, Errno)
  case databaseIsNewer(String)
  case noListener
  case incompleteTLS
  /// A file given with `--tls-cert` or `--tls-key` cannot be used.
  case unusableTLSFile(String, reason: String)
  case unprotected(host: String)
  case cannotListen(String, reason: String)
  case socketPathTooLong(String)

  package var description: String {
    switch self {
    case .dataDirectoryInUse(let path):
      "another beray-fs server uses \(path); stop it, or name another directory with --data"
    case .dataDirectoryUnusable(let path, .directoryNotEmpty):
      "\(path) is not a data directory of beray-fs: name an empty one, or one that does not exist, with --data"
    case .dataDirectoryUnusable(let path, .notPermitted):
      "\(path) belongs to another user; name another directory with --data"
    case .dataDirectoryUnusable(let path, let error): "cannot use \(path): \(error)"
    case .databaseIsNewer(let path): "\(path) was written by a newer version of beray-fs; use that one"
    case .noListener: "the server has neither a socket nor an address to listen on"
    case .incompleteTLS: "--tls-cert and --tls-key belong together"
    case .unusableTLSFile(let path, let reason): "cannot use \(path): \(reason)"
    case .unprotected(let host):
      "\(host) can be reached from other machines: give --tls-cert and --tls-key, or --behind-proxy where a proxy does TLS"
    case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .socketPathTooLong(let path): "the path of the socket is too long (107 bytes at most): \(path)"
    }
  }
}
