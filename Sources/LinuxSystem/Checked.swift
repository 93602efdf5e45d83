internal import Glibc
package import SystemPackage

/// Turns the -1 of a system call into the error that errno(3) names.
@discardableResult
package func checked<Result: FixedWidthInteger>(_ result: Result) throws(Errno) -> Result {
  guard result >= 0 else { throw Errno(rawValue: errno) }
  return result
}

/// Makes a system call, and repeats it if a signal interrupts it (`EINTR`, signal(7)).
@discardableResult
package func retrying<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    guard errno == EINTR else { throw Errno(rawValue: errno) }
  }
}
