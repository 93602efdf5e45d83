import BerayAPI

/// Records as the server sent them. JSON has them in full. Text has some fields, one line for each record.
struct RecordList: Payload {
  private let records: [JSON]
  private let fields: @Sendable (JSON) -> [String?]
  private let isMarked: @Sendable (JSON) -> Bool

  /// - Parameters:
  ///   - fields: the columns; `-` stands for nil.
  ///   - mark: which records get a star.
  init(
    _ records: [JSON], fields: @escaping @Sendable (JSON) -> [String?],
    mark isMarked: @escaping @Sendable (JSON) -> Bool = { _ in false }
  ) {
    self.records = records
    self.fields = fields
    self.isMarked = isMarked
  }

  var json: JSON { .array(records) }

  func lines(on page: Page) -> [String] {
    records.map { record in
      let columns = fields(record).map { ShownText.escaped($0 ?? "-") } + (isMarked(record) ? ["*"] : [])
      return columns.joined(separator: "  ")
    }
  }
}
