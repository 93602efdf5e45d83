import Glibc
import LinuxSystem
import SystemPackage

/// Reads standard input to its end.
enum StandardInput {
  /// All of it as UTF-8, without one final newline.
  static func text() throws(CommandError) -> String {
    var bytes: [UInt8] = []
    try forEachPiece { bytes += $0 }
    if bytes.last == 0x0A { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badUse("standard input is not UTF-8", advice: "give text")
    }
    return text
  }

  static func forEachPiece(_ body: (ArraySlice<UInt8>) -> Void) throws(CommandError) {
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = try CommandError.calling("read standard input") { () throws(Errno) in
        try retrying { read(STDIN_FILENO, &piece, piece.count) }
      }
      guard count > 0 else { return }
      body(piece[..<count])
    }
  }
}
