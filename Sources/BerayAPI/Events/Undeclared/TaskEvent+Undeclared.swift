extension TaskEvent {
  /// Reads an event of a server that declares nothing. Any JSON is accepted: a string becomes an event with that text,
  /// and a value without known fields only has its ``raw``.
  ///
  /// An envelope is opened first, and ``raw`` is the inner object. Each field is looked up at the top, then one level
  /// down. If the text is an object or a list, it is given as JSON.
  init(undeclared json: JSON) {
    let opened = Envelope.opened(json)
    self.init(unwrapped: opened, under: Envelope.wrappers)
    // The id only tells events apart and is not shown, so the envelope's id will do.
    if id == nil, opened != json { id = json.first(of: FieldNames.id, as: \.identifier) }
  }

  init(unwrapped json: JSON, under wrappers: [String]) {
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

  private static func text(of json: JSON, under wrappers: [String]) -> String? {
    if let text = json.first(of: FieldNames.text, under: wrappers, as: \.scalarText) { return text }
    // `{"type": "log", "data": "a line"}`
    if let text = json.first(of: wrappers, as: \.scalarText), json["event"]?.scalarText != text { return text }
    return json.first(of: FieldNames.text, under: wrappers) { $0 == .null ? nil : $0.serialized() }
  }
}
