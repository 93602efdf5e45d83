import CLinux
import Glibc
import SystemPackage

/// Sockets of unix(7).
enum UnixSocket {
  /// The process that accepts connections on the socket at `path`; nil if there is none. Ignores processes of other
  /// users, because they must never get a token.
  static func listener(_ path: FilePath) -> pid_t? {
    guard var address = try? address(path) else { return nil }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    var peer = linux_peer()
    guard isConnected, linux_peer_of(descriptor, &peer) == 0, peer.user == getuid() else { return nil }
    return peer.process
  }

  /// - Throws: ``CommandError`` if the path is longer than unix(7) allows.
  static func address(_ path: FilePath) throws(CommandError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.string.utf8)
    let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard bytes.count <= limit else {
      throw CommandError(
        "the path of the socket is longer than \(limit) bytes: \(path)",
        advice: "set XDG_DATA_HOME to a directory with a shorter path")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }
}
