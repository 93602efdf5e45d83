import Glibc
import LinuxSystem
package import VFS

/// What the file system asks the kernel about its callers. Tests pass closures of their own. Each question is about a
/// thread that waits for the answer to its call. An answer is nil if the kernel does not tell.
package struct ProcessTable: Sendable {
  /// How a process came to its end.
  package enum End: Hashable, Sendable {
    /// A signal ended it; nil if it is not told which.
    case signal(Int32?)
  }

  /// The words of a command.
  package struct Arguments: Hashable, Sendable {
    package var words: [String]
    /// Whether two words may really be one. While mkdir(1) makes the directories of a path, it puts a NUL in the place
    /// of each `/`, and the kernel may not let us see where its words begin.
    package var mayBeCut: Bool

    package init(_ words: [String], mayBeCut: Bool = false) {
      self.words = words
      self.mayBeCut = mayBeCut
    }
  }

  /// What a thread asks of the kernel.
  package enum SystemCall: Hashable, Sendable {
    case makesDirectory
    case other
    /// It is just about to wait.
    case running
  }

  /// The session (setsid(2)) that a thread belongs to.
  package var session: @Sendable (ProcessID) -> Int32?
  /// The name of its program, at most 15 bytes of it (`/proc/PID/comm`).
  package var program: @Sendable (ProcessID) -> String?
  package var arguments: @Sendable (ProcessID) -> Arguments?
  /// Set while a process that a signal has killed closes its files.
  package var end: @Sendable (ProcessID) -> End?
  package var systemCall: @Sendable (ProcessID) -> SystemCall?

  package init(
    session: @escaping @Sendable (ProcessID) -> Int32?, program: @escaping @Sendable (ProcessID) -> String?,
    arguments: @escaping @Sendable (ProcessID) -> Arguments?, end: @escaping @Sendable (ProcessID) -> End?,
    systemCall: @escaping @Sendable (ProcessID) -> SystemCall?
  ) {
    self.session = session
    self.program = program
    self.arguments = arguments
    self.end = end
    self.systemCall = systemCall
  }

  /// The processes of this machine, by proc(5).
  package static let system = ProcessTable(
    session: { thread in
      let session = getsid(thread.rawValue)
      return thread.rawValue > 0 && session > 0 ? session : nil
    },
    program: { thread in
      file("comm", of: thread).map { bytes in
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      }
    },
    arguments: { thread in
      file("cmdline", of: thread).map { bytes in
        let starts = wordStarts(of: thread, count: bytes.count)
        return arguments(cmdline: bytes, starts: starts)
      }
    },
    end: { file("stat", of: $0).flatMap(end(stat:)) },
    systemCall: { file("syscall", of: $0).flatMap(systemCall(syscall:)) })

  /// - Parameter stat: the content of `/proc/PID/stat`.
  static func end(stat: [UInt8]) -> End? {
    // Fields 9 and 52 are `flags` and `exit_code`; PF_EXITING and PF_SIGNALED of linux/sched.h.
    guard let fields = ProcessStatus.Fields(stat), let flags = fields[9], flags & 0x404 == 0x404 else { return nil }
    let signal = fields[52].map { Int32(truncatingIfNeeded: $0 & 0x7f) }
    return .signal(signal == 0 ? nil : signal)
  }

  // MARK: - Words

  /// - Parameters:
  ///   - cmdline: the content of `/proc/PID/cmdline`.
  ///   - starts: where each word begins in it; nil if that is not told.
  static func arguments(cmdline: [UInt8], starts: [Int]?) -> Arguments {
    func words(_ bytes: ArraySlice<UInt8>) -> [String] {
      bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }
    // Each word ends with a NUL.
    guard let starts else { return Arguments(words(cmdline.dropLast()), mayBeCut: true) }
    let ends = starts.dropFirst() + [cmdline.count]
    return Arguments(
      zip(starts, ends).map { start, end in words(cmdline[start..<max(start, end - 1)]).joined(separator: "/") })
  }

  /// Where the words of a process begin, from the pointers at the start of its stack (System V ABI, "Initial Stack and
  /// Register State"), which are beneath `startstack` of `/proc/PID/stat`.
  private static func wordStarts(of thread: ProcessID, count: Int) -> [Int]? {
    guard let fields = file("stat", of: thread).flatMap(ProcessStatus.Fields.init), let stack = fields[28],
      let first = fields[48], stack > 0, first > 0,
      let memory = try? OwnedDescriptor.open(path: "/proc/\(thread.rawValue)/mem", flags: O_RDONLY)
    else { return nil }
    let size = MemoryLayout<Int>.size
    func numbers(_ count: Int, at offset: Int64) -> [Int]? {
      var numbers = [Int](repeating: 0, count: count)
      return pread(memory.rawValue, &numbers, count * size, off_t(offset)) == count * size ? numbers : nil
    }
    guard let number = numbers(1, at: stack)?.first, (1...1 << 16).contains(number),
      let pointers = numbers(number, at: stack + Int64(size))
    else { return nil }
    let starts = pointers.map { $0 - Int(first) }
    let isOrdered = zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }
    return isOrdered && starts.allSatisfy((0..<count).contains) ? starts : nil
  }

  /// - Parameter syscall: the content of `/proc/PID/syscall`.
  static func systemCall(syscall: [UInt8]) -> SystemCall? {
    let text = String(decoding: syscall, as: UTF8.self)
    if text.hasPrefix("running") { return .running }
    guard let number = text.split(separator: " ").first.flatMap({ Int($0) }) else { return nil }
    return directoryMakers.contains(number) ? .makesDirectory : .other
  }

  #if arch(x86_64)
  private static let directoryMakers = [83, 258]
  #else
  private static let directoryMakers = [34]
  #endif

  private static func file(_ name: String, of thread: ProcessID) -> [UInt8]? {
    guard thread.rawValue > 0, let bytes = ProcessFile.bytes("/proc/\(thread.rawValue)/\(name)") else { return nil }
    return bytes.isEmpty ? nil : bytes
  }
}
