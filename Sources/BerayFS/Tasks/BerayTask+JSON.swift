import Beray
import BerayAPI

extension BerayTask {
  /// The task as the server sent it, without its events, for `task.json`.
  var json: String {
    guard case .object(let members) = raw else { return raw.serialized() + "\n" }
    return JSON.object(members.filter { $0.name != "events" }).serialized(pretty: true) + "\n"
  }
}
