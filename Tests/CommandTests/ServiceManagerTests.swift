import CLinux
import Glibc
import LinuxSystem
import SystemPackage
import Testing

@testable import BerayCommand

@Suite struct ServiceManagerTests {
  private let scratch = Scratch()

  /// A socket of unix(7) that datagrams come to.
  private func bound(_ address: sockaddr_un, _ length: socklen_t) throws -> OwnedDescriptor {
    let descriptor = OwnedDescriptor(
      owning: try checked(socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)))
    var address = address
    try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = try checked(bind(descriptor.rawValue, $0, length))
      }
    }
    return descriptor
  }

  private func datagram(_ descriptor: OwnedDescriptor) throws -> String {
    guard try descriptor.isReadable(before: .now + .seconds(30)) else { return "nothing came" }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = try checked(recv(descriptor.rawValue, &bytes, bytes.count, 0))
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func aSocketWithAPath() throws {
    let path = scratch.path.appending("notify")
    let socket = try bound(try UnixSocket.address(path), socklen_t(MemoryLayout<sockaddr_un>.size))
    let ready = ReadySignal(descriptor: nil, manager: ServiceManager(environment: ["NOTIFY_SOCKET": path.string]))
    ready.ready()
    #expect(try datagram(socket) == "READY=1\nMAINPID=\(getpid())")
    ready.stopping()
    #expect(try datagram(socket) == "STOPPING=1")
  }

  @Test func anAbstractSocket() throws {
    let name = "@beray-fs-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    var address = try UnixSocket.address(FilePath(name))
    address.sun_path.0 = 0
    let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.utf8.count
    let socket = try bound(address, socklen_t(length))
    ServiceManager(environment: ["NOTIFY_SOCKET": name]).ready()
    #expect(try datagram(socket).hasPrefix("READY=1\n"))
  }

  @Test func nobodyListens() {
    ServiceManager(environment: [:]).ready()
    ServiceManager(environment: ["NOTIFY_SOCKET": "/nowhere/at/all"]).ready()
  }
}
