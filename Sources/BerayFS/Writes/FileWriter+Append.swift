import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// Sends appended bytes by the server's append operation, if it has one. Then nothing is lost of what others write
/// meanwhile, and nobody has to know of it.
extension FileWriter {
  /// Appends the bytes of `upload` that the server lacks. Nil if programs did more than append, or the server cannot.
  /// - Parameter upload: told whether its bytes stand behind bytes that are not known here.
  func append(
    _ upload: inout WriteBuffer.Upload, of buffer: WriteBuffer, in parent: WorkDirectory, at path: String
  ) async throws(BerayError) -> UploadReceipt? {
    guard (try? await tree.shared.capabilities().contains(.append)) ?? false else { return nil }
    var receipt: UploadReceipt?
    var known = buffer.base
    while let (append, body) = buffer.nextAppend(
      upTo: upload, when: upload.isAlone ? VersionCondition(replacing: known) : nil)
    {
      do throws(BerayError) {
        let answer = try await tree.context.service.appendFile(
          to: tree.task, path: path, content: body, key: append.key, when: append.condition)
        buffer.appended(append)
        if append.condition == nil || answer.file.size != append.range.upperBound { upload.isAlone = false }
        known = FileVersion(size: answer.file.size, modified: answer.file.modified, etag: answer.file.etag)
        receipt = answer.file
      } catch  where error.status == 412 && append.condition != nil {
        tree.markStale()
        let errno = await tree.refresher.relist(parent, unlessYoungerThan: .zero, for: file)
        if errno == nil, receipt == nil, let known, file.serverVersion == known {
          // The file is gone and no other took its place. The appended part must not come back as the whole.
          return nil
        }
        if errno != nil {
          throw BerayError(
            .connectionLost, detail: "the server did not tell which version it has", operation: "append")
        }
        buffer.appendsBlindly(append)
      }
    }
    return receipt
  }
}
