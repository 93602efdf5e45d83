internal import CArchive

/// Reads a ZIP archive that is in memory.
///
/// Archives may be hostile. Names are returned unchanged, so the caller must check them. The total size of all entries
/// is limited, whatever sizes the archive claims.
package struct ZipReader: Sendable {
  /// An entry and its content.
  package struct Content: Hashable, Sendable {
    package var entry: ZipEntry
    /// The bytes of a file; the target of a symbolic link; empty for a directory.
    package var bytes: [UInt8]
  }

  private var archive: [UInt8]
  private let limit: Int
  /// The original names, in the order in which libarchive returns the entries.
  private let names: [[UInt8]]

  /// - Parameters:
  ///   - archive: the bytes of the archive.
  ///   - limit: how many bytes all entries together may have.
  package init(_ archive: consuming [UInt8], limit: Int) {
    self.archive = archive
    self.limit = limit
    // libarchive rewrites names that are flagged as UTF-8: it composes them, and drops those that the locale cannot
    // represent. Names without the flag come through unchanged.
    names = clearNameEncodingFlags(in: &self.archive)
  }

  /// The entries in the order of the archive.
  package func contents() throws(ZipError) -> [Content] {
    let result = archive.withUnsafeBytes { bytes -> Result<[Content], ZipError> in
      do throws(ZipError) { return .success(try read(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func read(_ bytes: UnsafeRawBufferPointer) throws(ZipError) -> [Content] {
    guard let reader = archive_read_new() else { throw .failed("out of memory") }
    defer { archive_read_free(reader) }
    archive_read_support_format_zip_seekable(reader)
    guard archive_read_open_memory(reader, bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
      throw error(of: reader)
    }
    var contents: [Content] = []
    var remaining = limit
    while true {
      var header: OpaquePointer?
      let status = archive_read_next_header(reader, &header)
      if status == ARCHIVE_EOF { return contents }
      guard status >= ARCHIVE_WARN, let header else { throw error(of: reader) }
      var entry = describe(header)
      // libarchive replaces each backslash with a slash. This restores the original name.
      if contents.count < names.count,
        names[contents.count].map({ $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }) == entry.nameBytes
      {
        entry.nameBytes = names[contents.count]
      }
      let data: [UInt8]
      if let target = archive_entry_symlink(header) {
        data = bytesOfString(target)
      } else {
        data = try readData(reader, expecting: entry.size, remaining: remaining)
      }
      remaining -= data.count
      guard remaining >= 0 else { throw .tooLarge(limit: limit) }
      contents.append(Content(entry: entry, bytes: data))
    }
  }

  private func describe(_ header: OpaquePointer) -> ZipEntry {
    let kind: ZipEntry.Kind =
      switch archive_entry_filetype(header) {
      case 0o100000: .file
      case 0o040000: .directory
      case 0o120000: .symbolicLink
      default: .other
      }
    return ZipEntry(
      nameBytes: archive_entry_pathname(header).map(bytesOfString) ?? [], kind: kind,
      size: archive_entry_size_is_set(header) != 0 ? archive_entry_size(header) : nil,
      mode: UInt16(truncatingIfNeeded: archive_entry_perm(header)),
      modified: Int64(archive_entry_mtime(header)))
  }

  /// Reads the data of the current entry. A claimed size decides only how much memory to reserve, up to `remaining`.
  private func readData(_ reader: OpaquePointer, expecting size: Int64?, remaining: Int) throws(ZipError) -> [UInt8] {
    var data: [UInt8] = []
    // One byte more than expected, so that the read that finds the end needs no reallocation.
    var room = min(Int(clamping: size ?? 0), remaining, archive.count) + 1
    while true {
      var count = 0
      if data.isEmpty {
        data = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
          count = archive_read_data(reader, buffer.baseAddress, room)
          initialized = max(count, 0)
        }
      } else {
        let start = data.count
        data.append(contentsOf: repeatElement(0, count: room))
        count = data.withUnsafeMutableBytes { archive_read_data(reader, $0.baseAddress! + start, room) }
        data.removeLast(room - max(count, 0))
      }
      guard count >= 0 else { throw error(of: reader) }
      if count == 0 { return data }
      guard data.count <= remaining else { throw .tooLarge(limit: limit) }
      room = data.count == Int(clamping: size ?? -1) ? 1 : 64 * 1024
    }
  }

  private func bytesOfString(_ string: UnsafePointer<CChar>) -> [UInt8] {
    var bytes: [UInt8] = []
    while string[bytes.count] != 0 { bytes.append(UInt8(bitPattern: string[bytes.count])) }
    return bytes
  }

  private func error(of reader: OpaquePointer) -> ZipError {
    .malformed(archive_error_string(reader).map { String(cString: $0) } ?? "unknown reason")
  }
}
