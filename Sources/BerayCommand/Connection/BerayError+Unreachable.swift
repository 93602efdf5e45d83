import Beray

extension BerayError {
  /// Whether no server answered.
  var isUnreachable: Bool {
    switch code {
    case .connectionRefused, .hostUnreachable, .connectionLost, .timedOut: true
    default: false
    }
  }
}
