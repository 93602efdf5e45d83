import Synchronization

extension WorkTree {
  /// Bytes that an archive of the work directory may have: twice what is listed, for what is written meanwhile, and some
  /// room for names. Where a size is not known, a fixed limit.
  var archiveLimit: Int64 {
    structure.withLock { structure in
      var sum: Int64 = 1 << 30
      for contents in structure.directories.values {
        guard contents.freshness != nil || contents.isNew else { return ContentExpectation.unsizedLimit }
        for case .file(let file) in contents.children.values.lazy.map(\.node) {
          guard let size = file.known({ $0.buffer?.size ?? $0.size }) else {
            return ContentExpectation.unsizedLimit
          }
          sum += size.addingReportingOverflow(size).partialValue
          guard sum < ContentExpectation.unsizedLimit << 6 else { return sum }
        }
      }
      return sum
    }
  }
}
