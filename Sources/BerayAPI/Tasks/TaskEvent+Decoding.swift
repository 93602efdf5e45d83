extension TaskEvent {
  /// Reads an event. Anything is one: text is an event with that text, and what has no known field keeps its ``raw``.
  ///
  /// Each field is looked for at the top, then one level down, in the objects under `data`, `event` and `task`. A text
  /// that is itself an object or a list is given as JSON.
  public init(json: JSON) {
    self.init(json: json, under: ["data", "event", "task"])
  }

  init(json: JSON, under wrappers: [String]) {
    guard json.objectValue != nil else {
      self.init(text: json.scalarText, raw: json)
      return
    }
    self.init(
      id: json.first(of: FieldNames.id, under: wrappers, as: \.identifier),
      type: json.first(of: FieldNames.type, under: wrappers, as: \.word),
      time: json.first(of: FieldNames.time, under: wrappers, as: UTCTime.init(json:)),
      text: Self.text(of: json, under: wrappers),
      status: json.first(of: FieldNames.status, under: wrappers, as: \.word).map { TaskStatus($0) }, raw: json)
  }

  static func text(of json: JSON, under wrappers: [String]) -> String? {
    if let text = json.first(of: FieldNames.text, under: wrappers, as: \.scalarText) { return text }
    // `{"type": "log", "data": "a line"}`
    if let text = json.first(of: wrappers, as: \.scalarText), json["event"]?.scalarText != text { return text }
    return json.first(of: FieldNames.text, under: wrappers) { $0 == .null ? nil : $0.serialized() }
  }
}
