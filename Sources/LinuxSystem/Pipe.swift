internal import CLinux
internal import Glibc
package import SystemPackage

/// Both ends of a pipe, made by pipe2(2). Child processes do not inherit them.
package struct Pipe: Sendable {
  package let readEnd: OwnedDescriptor
  package let writeEnd: OwnedDescriptor

  package init() throws(Errno) {
    var ends: [Int32] = [-1, -1]
    try checked(linux_pipe2(&ends, O_CLOEXEC))
    readEnd = OwnedDescriptor(owning: ends[0])
    writeEnd = OwnedDescriptor(owning: ends[1])
  }
}
