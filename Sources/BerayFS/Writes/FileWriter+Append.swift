import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// What programs only appended goes up by an operation of its own, where the server has it: nothing of what others wrote
/// meanwhile is lost, and nobody has to know it.
extension FileWriter {
  /// Appends what `upload` has and the server has not. Nil where programs did more than append, or the server cannot.
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
        let errno = await file.uploader.relist(parent, age: .zero)
        if errno == nil, receipt == nil, let known, file.serverVersion == known {
          // No other version came in its place: it is gone, and a part of it is not to come back as the whole.
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
