import Fuse
import Glibc
import LinuxSystem
import SystemPackage

/// Checks what a mount needs from the machine.
struct SystemCheck {
  let environment: [String: String]
  /// The directory that contains the system's files. Tests use another one.
  var root: FilePath = "/"
  var userID = geteuid()

  var findings: [Finding] { [device, helper, allowOther, program, libfuse, kernel, locale] + staleMounts }

  var device: Finding {
    let path = root.appending("dev/fuse")
    let descriptor = open(path.string, O_RDWR | O_CLOEXEC)
    guard descriptor < 0 else {
      close(descriptor)
      return .pass("/dev/fuse", "can be opened")
    }
    let reason = String(cString: strerror(errno))
    let advice =
      errno == ENOENT
      ? "run: sudo modprobe fuse (in a container: start it with --device /dev/fuse --cap-add SYS_ADMIN)"
      : "run: sudo chmod 666 /dev/fuse"
    return .fail("/dev/fuse", reason, advice)
  }

  var helper: Finding {
    let directories = (environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin", "/bin"]
    let places = directories.map { root.appending(String($0.drop { $0 == "/" })).string }
    guard let place = ProgramPath.of("fusermount3", in: places).map(FilePath.init(_:)) else {
      return .fail("fusermount3", "is not installed", "run: sudo apt-get install fuse3")
    }
    if userID == 0 { return .pass("fusermount3", "\(place); root does without it") }
    guard let status = FileStatus(behind: place), status.user == 0, status.isSetUserID else {
      return .fail("fusermount3", "\(place) is not setuid root", "run: sudo chmod u+s \(place)")
    }
    return .pass("fusermount3", "\(place), setuid root")
  }

  var allowOther: Finding {
    let bytes = (try? PrivateFile.readShared(root.appending("etc/fuse.conf"))) ?? nil
    let lines = String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n")
    let isAllowed = lines.contains { $0.split(separator: " ").first == "user_allow_other" }
    if isAllowed || userID == 0 { return .pass("allow_other", "may be used") }
    return .warn(
      "allow_other", "only root may use it", "if you need it: echo user_allow_other | sudo tee -a /etc/fuse.conf")
  }

  var libfuse: Finding { Lack.finding("libfuse", Version.libfuse, of: Lack.ofLibfuse, tested: [3, 14]) }

  var kernel: Finding {
    Lack.finding("kernel", Kernel().release, of: Lack.ofKernel, tested: [5, 4])
  }

  var program: Finding { .pass("beray-fs", Version.text) }

  var locale: Finding {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }
    let locale = variables.first { !$0.isEmpty } ?? ""
    let word = locale.lowercased()
    if word.hasSuffix("utf-8") || word.hasSuffix("utf8") { return .pass("locale", locale) }
    return .warn(
      "locale", locale.isEmpty ? "none is set" : "\(locale) is not UTF-8",
      "names of tasks in other scripts need one: export LANG=C.UTF-8")
  }

  var staleMounts: [Finding] {
    let stale = MountTable.current().ofBerayFS.filter { MountLiveness.of($0).isOver }
    if stale.isEmpty { return [.pass("mounts", "none is left by a dead process")] }
    return stale.map {
      .fail("mounts", "\($0.mountpoint): its process is gone", "run: beray-fs unmount '\($0.mountpoint)'")
    }
  }
}
