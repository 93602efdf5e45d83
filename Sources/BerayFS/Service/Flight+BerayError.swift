import Beray
import Waiting

extension Flight where Failure == BerayError {
  convenience init() {
    self.init(cancellation: BerayError(.cancelled, detail: "interrupted", operation: "wait"))
  }
}
