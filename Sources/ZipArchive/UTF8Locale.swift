internal import CArchive
internal import Glibc

/// The locale under which libarchive marks names as UTF-8.
///
/// libarchive looks at the codeset of the calling thread's locale. A program that never called setlocale runs in "C".
/// uselocale(3) changes the locale for one thread and one call, with no effect on the rest of the process.
struct UTF8Locale: Sendable {
  private let value: Int

  /// Lives as long as the process.
  static let shared = UTF8Locale()

  private init() {
    let locale = newlocale(Int32(LC_CTYPE_MASK), "C.UTF-8", nil)
    value = Int(bitPattern: locale)
  }

  /// Runs `body` under the locale, or without it if the system has no C.UTF-8.
  func use<Result>(_ body: () -> Result) -> Result {
    guard let locale = locale_t(bitPattern: value) else { return body() }
    let former = uselocale(locale)
    defer { uselocale(former) }
    return body()
  }
}
