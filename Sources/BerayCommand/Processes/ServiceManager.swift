import CLinux
import Glibc
import LinuxSystem
import SystemPackage

/// Tells the service manager, such as systemd, how this process is (sd_notify(3)). It does nothing where none listens.
struct ServiceManager: Sendable {
  /// A socket of unix(7): an absolute path, or an abstract name after `@`.
  private let socket: String?

  init(environment: [String: String]) { socket = environment["NOTIFY_SOCKET"] }

  /// It serves. A process that another one started says so too.
  func ready() { tell("READY=1\nMAINPID=\(getpid())") }

  /// It is about to end, which may take as long as its last uploads.
  func stopping() { tell("STOPPING=1") }

  private func tell(_ state: String) {
    guard let socket, var address = try? UnixSocket.address(FilePath(socket)) else { return }
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    if socket.hasPrefix("@") {
      // An abstract name begins with a NUL and ends where the address does.
      address.sun_path.0 = 0
      length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + socket.utf8.count)
    }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(state.utf8)
    _ = try? retrying {
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
        }
      }
    }
  }
}
