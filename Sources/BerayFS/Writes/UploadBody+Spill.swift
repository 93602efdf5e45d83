import Beray
import SystemPackage

extension UploadBody {
  /// A part of a temporary file, read piece by piece.
  static func spilled(_ spill: SpillFile, _ range: Range<Int64>) -> UploadBody {
    UploadBody(length: range.upperBound - range.lowerBound) {
      ByteStream {
        var offset = range.lowerBound
        return { () async throws(BerayError) in
          guard offset < range.upperBound else { return nil }
          let count = Int(min(512 << 10, range.upperBound - offset))
          let start = offset
          offset += Int64(count)
          do throws(Errno) {
            let piece = try await DiskExecutor.run { () throws(Errno) in Array(try spill.read(at: start, count: count))
            }
            // It was cut meanwhile, which makes another upload follow.
            return piece.count < count ? piece + repeatElement(0, count: count - piece.count) : piece
          } catch {
            throw BerayError(.invalidRequest, detail: "cannot read the temporary file: \(error)", operation: "upload")
          }
        }
      }
    }
  }
}
