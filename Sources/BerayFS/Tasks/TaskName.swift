import BerayAPI
import VFS

/// The names that a task goes by.
enum TaskName {
  /// The longest listed name, in bytes: it fits a terminal's line.
  static let maximumLength = 80

  /// The listed name: `<id>-<slug of the goal>`, at most ``maximumLength`` bytes, cut between characters. If the slug is
  /// empty, the id alone.
  static func listed(id: TaskID, goal: String) -> Name {
    let prefix = id.description
    var name = prefix
    var length = prefix.utf8.count
    var wantsDash = true
    // Character by character, so that a combining mark stays with its letter.
    for character in goal {
      let kept = character.unicodeScalars.allSatisfy { isKept($0) }
      guard kept else {
        wantsDash = true
        continue
      }
      let lowered = character.lowercased()
      let added = lowered.utf8.count + (wantsDash ? 1 : 0)
      guard length + added <= maximumLength else { break }
      if wantsDash { name += "-" }
      wantsDash = false
      name += lowered
      length += added
    }
    return Name(name)
  }

  /// Letters, digits and combining marks of every script.
  private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark:
      true
    default: false
    }
  }

  /// Why mkdir must not make a task of that name; nil if it may.
  static func refusal(_ name: Name) -> (detail: String, advice: String)? {
    if name.string.hasPrefix(".") {
      return ("names that start with a dot are made by tools, not by people", "write such a goal to 'new'")
    }
    if name == "last" { return ("'last' is the link to the newest task", "write such a goal to 'new'") }
    if name.string.allSatisfy(\.isWhitespace) { return ("a blank name is no goal", "say what is to be done") }
    if isMadeByTools(name.string) {
      return ("file managers make '\(name)' unasked", "write such a goal to 'new'")
    }
    if !name.utf8.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return ("names of digits only are reserved for the ids of tasks", "write such a goal to 'new'")
    }
    return nil
  }

  /// Whether the name is one of ``madeByTools``, or the next of it: `New Folder 2`, `New folder (2)`, `New folder - copy`.
  private static func isMadeByTools(_ name: String) -> Bool {
    guard let known = madeByTools.first(where: { name == $0 || name.hasPrefix($0 + " ") }) else { return false }
    var rest = name.dropFirst(known.count)
    if rest.isEmpty || rest.lowercased() == " - copy" { return true }
    rest = rest.dropFirst()
    if rest.first == "(", rest.last == ")" { rest = rest.dropFirst().dropLast() }
    return !rest.isEmpty && rest.allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// Directories that file managers and systems make without being asked for a task.
  private static let madeByTools: Set<String> = [
    "lost+found", "Untitled Folder", "untitled folder", "New Folder", "New folder", "Unbenannter Ordner",
    "Nouveau dossier", "Nueva carpeta", "新建文件夹", "新しいフォルダー", "System Volume Information", "$RECYCLE.BIN",
    "RECYCLER",
  ]
}
