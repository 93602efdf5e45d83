import CFuse
import Testing
import VFS

@testable import Fuse

@Suite struct WireConversionsTests {
  @Test(arguments: [
    (Int64(0), 0), (1, 1), (512, 1), (513, 2), (Int64.max - 511, Int((Int64.max - 511) / 512)),
    (Int64.max, Int(Int64.max / 512 + 1)),
  ])
  func blocksAreCountedWhateverTheSize(size: Int64, blocks: Int) {
    let time = Timestamp(seconds: 0)
    let attributes = Attributes(
      inode: .root, kind: .regular, permissions: 0, user: 0, group: 0, size: size, accessed: time, modified: time,
      changed: time)
    #expect(attributes.status.st_blocks == blocks)
    #expect(attributes.status.st_size == Int(size))
  }
}
