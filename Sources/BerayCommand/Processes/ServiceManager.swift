import CLinux
import Glibc
import LinuxSystem
import SystemPackage

/// Tells a service manager such as systemd the state of this process (sd_notify(3)). Does nothing if there is none.
struct ServiceManager: Sendable {
  /// A socket of unix(7): an absolute path, or an abstract name after `@`.
  private let socket: String?

  init(environment: [String: String]) { socket = environment["NOTIFY_SOCKET"] }

  /// Reports that this process serves. Sends its id too, because the manager may have started another process.
  func ready() { tell("READY=1\nMAINPID=\(getpid())") }

  /// Reports that this process is about to end, which can take as long as the last uploads.
  func stopping() { tell("STOPPING=1") }

  private func tell(_ state: String) {
    guard let socket, var address = try? UnixSocket.address(FilePath(socket)) else { return }
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    if socket.hasPrefix("@") {
      // An abstract name begins with a NUL, and the length of the address ends it.
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
