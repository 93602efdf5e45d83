internal import Glibc

/// The kernel that runs this process (uname(2)).
package struct Kernel: Sendable {
  /// Its version, such as `6.8.0-31-generic`.
  package let release: String
  /// The architecture, such as `x86_64`.
  package let machine: String

  package init() {
    var names = utsname()
    uname(&names)
    release = withUnsafePointer(to: &names.release.0) { String(cString: $0) }
    machine = withUnsafePointer(to: &names.machine.0) { String(cString: $0) }
  }
}
