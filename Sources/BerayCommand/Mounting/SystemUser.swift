import Glibc

/// Looks up users and groups by number or name.
enum SystemUser {
  static func user(_ text: String) throws(CommandError) -> UInt32 {
    if let number = UInt32(text) { return number }
    guard let entry = getpwnam(text) else { throw .badUse("-o uid=\(text): there is no such user") }
    return entry.pointee.pw_uid
  }

  static func group(_ text: String) throws(CommandError) -> UInt32 {
    if let number = UInt32(text) { return number }
    guard let entry = getgrnam(text) else { throw .badUse("-o gid=\(text): there is no such group") }
    return entry.pointee.gr_gid
  }

  /// The primary group of `user`; nil if passwd(5) does not have the user.
  static func primaryGroup(of user: UInt32) -> UInt32? { getpwuid(user)?.pointee.pw_gid }
}
