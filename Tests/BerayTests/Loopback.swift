import Foundation
import Glibc
import Synchronization

/// A server on a port of the loopback interface: it accepts one connection after another, and does with each
/// what it is told.
final class Loopback: Sendable {
  let port: UInt16
  private let listener: CInt
  private let isStopped = Mutex(false)

  /// - Parameters:
  ///   - receiveBuffer: bytes that the kernel takes for it before it reads; nil: what the system likes.
  ///   - serve: called with each connection, on a thread of its own; the connection is closed behind it.
  init(receiveBuffer: CInt? = nil, _ serve: @escaping @Sendable (CInt) -> Void) throws {
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    if var receiveBuffer {
      setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port: UInt16? = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Bool in
        bind(listener, address, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, address, &length) == 0
      } ? UInt16(bigEndian: pointer.pointee.sin_port) : nil
    }
    guard let port else { throw Failure(errno: errno) }
    self.listener = listener
    self.port = port
    // The thread closes the listener, so that it never accepts from another socket of the same number.
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { break }
        serve(connection)
        close(connection)
      }
      close(listener)
    }
  }

  deinit { stop() }

  /// Refuses connections from now on.
  func stop() {
    // Once: the number may be another socket's by then.
    let wasStopped = isStopped.withLock { isStopped in
      defer { isStopped = true }
      return isStopped
    }
    if wasStopped { return }
    shutdown(listener, CInt(SHUT_RDWR))
  }

  struct Failure: Error { var errno: CInt }

  /// Reads until `count` bytes after the head of a request have come; gives the head.
  static func readRequest(_ connection: CInt, body count: Int = 0) -> String {
    readBeginning(connection, body: count).head
  }

  /// The same, and how many bytes after the head came with it.
  static func readBeginning(_ connection: CInt, body count: Int) -> (head: String, body: Int) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    var headEnd: Int?
    while headEnd.map({ bytes.count < $0 + count }) ?? true {
      let got = Glibc.read(connection, &buffer, buffer.count)
      if got <= 0 { break }
      bytes += buffer[..<got]
      if headEnd == nil {
        headEnd = bytes.indices.dropLast(3).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }.map { $0 + 4 }
      }
    }
    let end = headEnd ?? bytes.count
    return (String(decoding: bytes.prefix(end), as: UTF8.self), bytes.count - end)
  }

  static func send(_ connection: CInt, _ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
  }

  /// Sends `count` bytes; returns early where the other side has closed.
  static func send(_ connection: CInt, bytes count: Int) {
    let piece = [UInt8](repeating: 7, count: 1 << 20)
    var left = count
    while left > 0 {
      let sent = piece.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, min(left, $0.count), CInt(MSG_NOSIGNAL))
      }
      if sent <= 0 { return }
      left -= sent
    }
  }

  /// Reads `count` bytes.
  static func read(_ connection: CInt, _ count: Int) {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var left = count
    while left > 0 {
      let got = recv(connection, &buffer, min(left, buffer.count), 0)
      if got <= 0 { return }
      left -= got
    }
  }

  /// Returns when the other side has closed.
  static func waitForEnd(_ connection: CInt) {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while Glibc.read(connection, &buffer, buffer.count) > 0 {}
  }
}
