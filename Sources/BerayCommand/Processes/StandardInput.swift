import Glibc
import LinuxSystem
import SystemPackage

/// The standard input of a command.
struct StandardInput: Sendable {
  /// Waits for the next bytes. None means the end.
  var read: @Sendable () throws(CommandError) -> [UInt8]

  /// That of this process.
  static let process = StandardInput { () throws(CommandError) in
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    let count = try CommandError.calling("read standard input") { () throws(Errno) in
      try retrying { Glibc.read(STDIN_FILENO, &piece, piece.count) }
    }
    return Array(piece[..<count])
  }

  /// All of it as UTF-8, without one final newline.
  func text() throws(CommandError) -> String {
    var bytes: [UInt8] = []
    try forEachPiece { bytes += $0 }
    if bytes.last == 0x0A { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badUse("standard input is not UTF-8", advice: "give text")
    }
    return text
  }

  /// The first line, without its end. What was read behind it is lost.
  func line() throws(CommandError) -> String {
    var bytes: [UInt8] = []
    while !bytes.contains(0x0A) {
      let piece = try read()
      guard !piece.isEmpty else { break }
      bytes += piece
    }
    var line = bytes.prefix { $0 != 0x0A }
    if line.count < bytes.count, line.last == 0x0D { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }

  func forEachPiece(_ body: ([UInt8]) -> Void) throws(CommandError) {
    while true {
      let piece = try read()
      guard !piece.isEmpty else { return }
      body(piece)
    }
  }
}
