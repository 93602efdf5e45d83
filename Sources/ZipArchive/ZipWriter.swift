internal import CArchive

/// Makes a ZIP archive piece by piece. The output is available from ``takeOutput()`` at once, so an archive of any size
/// needs only the memory for output that was not taken yet.
///
/// Calls block while they compress, so use a thread that may block. Use only one thread at a time.
package final class ZipWriter {
  package enum Compression: Hashable, Sendable {
    /// No compression, which is the fastest if both ends are on one machine.
    case store
    case deflate
  }

  /// The end of 2107, the last year of the format (APPNOTE.TXT 4.4.6). libarchive crashes if a year does not fit an
  /// int.
  private static let latestTime: Int64 = 4_354_819_199

  private final class Output {
    var bytes: [UInt8] = []
  }

  private let archive: OpaquePointer
  private let output = Output()
  private var finished = false

  package init(compression: Compression = .store) throws(ZipError) {
    guard let archive = archive_write_new() else { throw .failed("out of memory") }
    self.archive = archive
    archive_write_set_format_zip(archive)
    switch compression {
    case .store: archive_write_zip_set_compression_store(archive)
    case .deflate: archive_write_zip_set_compression_deflate(archive)
    }
    // With a block size of 0, pieces go to the output directly, without a copy.
    archive_write_set_bytes_per_block(archive, 0)
    let context = Unmanaged.passUnretained(output).toOpaque()
    try check(archive_write_open(archive, context, nil, Self.receive, nil))
  }

  deinit { archive_write_free(archive) }

  /// How many bytes ``takeOutput()`` would return now.
  package var pendingBytes: Int { output.bytes.count }

  /// Ends the previous entry and begins the next one. A file needs `entry.size`: bytes written beyond it are dropped.
  package func begin(_ entry: ZipEntry) throws(ZipError) {
    guard let header = archive_entry_new() else { throw .failed("out of memory") }
    defer { archive_entry_free(header) }
    var name = entry.nameBytes
    name.append(0)
    name.withUnsafeBytes { archive_entry_set_pathname(header, $0.baseAddress?.assumingMemoryBound(to: CChar.self)) }
    let type: UInt32 =
      switch entry.kind {
      case .file, .other: 0o100000
      case .directory: 0o040000
      case .symbolicLink: 0o120000
      }
    archive_entry_set_filetype(header, type)
    archive_entry_set_perm(header, UInt32(entry.mode & 0o7777))
    archive_entry_set_mtime(header, Int(min(max(entry.modified, 0), Self.latestTime)), 0)
    if let size = entry.size { archive_entry_set_size(header, size) }
    let status =
      entry.name == nil
      ? archive_write_header(archive, header)
      : UTF8Locale.shared.use { archive_write_header(archive, header) }
    try check(status)
  }

  /// Writes bytes of the current entry.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
    guard !bytes.isEmpty else { return }
    let written = archive_write_data(archive, bytes.baseAddress, bytes.count)
    if written < 0 { try check(Int32(truncatingIfNeeded: written)) }
  }

  /// Writes bytes of the current entry.
  package func write(_ bytes: [UInt8]) throws(ZipError) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, ZipError> in
      do throws(ZipError) { return .success(try write(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Writes the central directory. Nothing can be added after it.
  package func finish() throws(ZipError) {
    guard !finished else { return }
    finished = true
    try check(archive_write_close(archive))
  }

  /// Takes the output since the last call.
  package func takeOutput() -> [UInt8] {
    let bytes = output.bytes
    output.bytes = []
    return bytes
  }

  /// The archive_write_callback, which accepts all bytes.
  private static let receive: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int =
    {
      _, context, bytes, count in
      guard let context, let bytes else { return 0 }
      let output = Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
      output.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
      return count
    }

  private func check(_ status: Int32) throws(ZipError) {
    guard status < ARCHIVE_WARN else { return }
    let reason = archive_error_string(archive).map { String(cString: $0) } ?? "status \(status)"
    throw .failed(reason)
  }
}
