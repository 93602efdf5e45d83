/// How a child ended, as waitpid(2) tells.
package enum WaitStatus: Hashable, Sendable, CustomStringConvertible {
  case exited(Int32)
  /// A signal ended it.
  case signalled(Int32)

  /// Decodes the status of a child that has ended, not of one that was stopped.
  package init(_ status: Int32) {
    let signal = status & 0x7f
    self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  package var description: String {
    switch self {
    case .exited(let code): "exit status \(code)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}
