extension ArraySlice<UInt8> {
  /// How many of the bytes are whole UTF-8 characters, where the last one may lack its end; nil if they are no UTF-8.
  var completeUTF8: Int? {
    // The longest character has 4 bytes, so at most 3 may be an unfinished one.
    for cut in 0...Swift.min(3, count) where String(validating: dropLast(cut), as: UTF8.self) != nil {
      guard cut > 0 else { return count }
      let rest = suffix(cut)
      let lead = rest[rest.startIndex]
      let length =
        lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0
      return length > cut && rest.dropFirst().allSatisfy { $0 & 0xc0 == 0x80 } ? count - cut : nil
    }
    return nil
  }
}
