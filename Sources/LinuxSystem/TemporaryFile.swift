internal import Glibc
package import SystemPackage

/// A new file of mode 0600 under a name that nobody can guess (mkstemp(3)). It stays until somebody removes it.
package struct TemporaryFile: ~Copyable, Sendable {
  package let descriptor: Descriptor
  package let path: FilePath

  /// - Parameter prefix: the path to which it adds a dot and six random characters.
  package init(_ prefix: FilePath) throws(Errno) {
    var template = Array((prefix.string + ".XXXXXX").utf8CString)
    descriptor = Descriptor(owning: try checked(mkstemp(&template)))
    _ = fcntl(descriptor.rawValue, F_SETFD, FD_CLOEXEC)
    path = FilePath(platformString: template)
  }

  /// Keeps the name.
  package consuming func opened() -> Descriptor { descriptor }

  /// Removes the name: the file is gone once its descriptor is closed.
  package consuming func unlinked() -> Descriptor {
    unlink(path.string)
    return descriptor
  }
}
