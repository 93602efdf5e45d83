import VFS

/// Who has a file open, and what the kernel keeps of it.
struct Opens: Sendable {
  private(set) var handles: Int32 = 0
  /// Open handles that may write, and truncations without a handle.
  private(set) var writers: Int32 = 0
  /// Open handles that may read.
  private var readers: Int32 = 0
  /// Those of them that read a content from before ``FileState/epoch``.
  private(set) var formerReaders: Int32 = 0
  /// The kernel's requests for attributes that wait for a listing.
  private var attributeRequests: Int32 = 0
  /// The ``FileState/generation`` of the kernel's pages.
  private var pages: UInt32?

  var isOpen: Bool { handles > 0 }
  var isWritten: Bool { writers > 0 }
  /// Whether some handle reads a former content.
  var hasFormerReaders: Bool { formerReaders > 0 }
  /// Whether the kernel waits for attributes.
  var isAskedFor: Bool { attributeRequests > 0 }

  /// Whether more than one handle may read.
  var hasSeveralReaders: Bool { readers > 1 }

  func hasPages(of generation: UInt32) -> Bool { pages == generation }

  /// Returns whether it is the first handle.
  mutating func opened(_ flags: OpenFlags) -> Bool {
    handles += 1
    if flags.contains(.write) { writers += 1 }
    if flags.contains(.read) { readers += 1 }
    return handles == 1
  }

  /// Returns whether it was the last handle.
  /// - Parameter wasFormer: whether it read a former content.
  mutating func closed(_ flags: OpenFlags, wasFormer: Bool) -> Bool {
    assert(handles > 0, "closed more often than opened")
    handles -= 1
    if flags.contains(.write) { writers -= 1 }
    if flags.contains(.read) {
      readers -= 1
      if wasFormer { followed() }
    }
    return handles == 0
  }

  /// Somebody writes without a handle, until ``writerIsGone()``.
  mutating func writerComes() { writers += 1 }
  mutating func writerIsGone() { writers -= 1 }

  /// Somebody else gave the file other content: whoever is reading reads the former one.
  mutating func contentIsFormer() { formerReaders = readers }

  /// A reader of a former content goes on with the current one.
  mutating func followed() { formerReaders = max(0, formerReaders - 1) }

  /// The kernel takes pages of the content of `generation`.
  mutating func takesPages(of generation: UInt32) { pages = generation }

  /// The content `old` goes on as `new`, and its pages stay valid.
  mutating func pagesStay(_ old: UInt32, as new: UInt32) {
    if pages == old { pages = new }
  }

  mutating func attributeRequestBegins() { attributeRequests += 1 }
  mutating func attributeRequestEnds() { attributeRequests -= 1 }
}
