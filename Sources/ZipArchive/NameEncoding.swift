/// Clears the flag "this name is UTF-8" (bit 11 of the general purpose flags, APPNOTE.TXT 4.4.4) in the central
/// directory and the local headers. Stops at a broken directory entry, which the reader then reports.
///
/// - Returns: the names in the order of their local headers.
func clearNameEncodingFlags(in archive: inout [UInt8]) -> [[UInt8]] {
  guard let directory = archive.centralDirectoryOffset else { return [] }
  var names: [(offset: Int, name: [UInt8])] = []
  var offset = directory
  while archive.uint32(at: offset) == 0x0201_4b50, offset + 46 <= archive.count {
    archive[offset + 9] &= ~0x08
    let nameLength = Int(archive.uint16(at: offset + 28))
    let extraLength = Int(archive.uint16(at: offset + 30))
    let commentLength = Int(archive.uint16(at: offset + 32))
    let local = archive.localHeaderOffset(ofRecordAt: offset, nameLength: nameLength, extraLength: extraLength)
    if let local, archive.uint32(at: local) == 0x0403_4b50, local + 30 <= archive.count {
      archive[local + 7] &= ~0x08
    }
    let start = offset + 46
    if let local, start + nameLength <= archive.count {
      names.append((local, Array(archive[start..<start + nameLength])))
    }
    offset += 46 + nameLength + extraLength + commentLength
  }
  return names.sorted { $0.offset < $1.offset }.map(\.name)
}

extension [UInt8] {
  /// The offset of the central directory, from the end record (APPNOTE.TXT 4.3.16) or its ZIP64 counterpart (4.3.14).
  fileprivate var centralDirectoryOffset: Int? {
    guard count >= 22 else { return nil }
    let last = count - 22
    guard
      let end = stride(from: last, through: Swift.max(0, last - 65_535), by: -1)
        .first(where: { uint32(at: $0) == 0x0605_4b50 })
    else { return nil }
    let offset = uint32(at: end + 16)
    guard offset == .max else { return Int(offset) }
    guard end >= 20, uint32(at: end - 20) == 0x0706_4b50, let record = int(at: end - 20 + 8),
      uint32(at: record) == 0x0606_4b50
    else { return nil }
    return int(at: record + 48)
  }

  fileprivate func localHeaderOffset(ofRecordAt record: Int, nameLength: Int, extraLength: Int) -> Int? {
    let offset = uint32(at: record + 42)
    guard offset == .max else { return Int(offset) }
    // ZIP64 extra field (4.5.3): the sizes come before the offset. Each is there only if the record has no room for it.
    var field = record + 46 + nameLength
    let end = field + extraLength
    while field + 4 <= end {
      let length = Int(uint16(at: field + 2))
      if uint16(at: field) == 0x0001 {
        let skipped = [20, 24].count { uint32(at: record + $0) == .max } * 8
        return skipped + 8 <= length ? int(at: field + 4 + skipped) : nil
      }
      field += 4 + length
    }
    return nil
  }

  /// Little-endian; 0 beyond the end.
  fileprivate func uint16(at offset: Int) -> UInt16 {
    guard offset >= 0, offset + 2 <= count else { return 0 }
    return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
  }

  /// Little-endian; 0 beyond the end.
  fileprivate func uint32(at offset: Int) -> UInt32 {
    UInt32(uint16(at: offset)) | UInt32(uint16(at: offset + 2)) << 16
  }

  /// A little-endian 64-bit offset that lies within the archive.
  fileprivate func int(at offset: Int) -> Int? {
    let value = UInt64(uint32(at: offset)) | UInt64(uint32(at: offset + 4)) << 32
    guard value < UInt64(count) else { return nil }
    return Int(value)
  }
}
