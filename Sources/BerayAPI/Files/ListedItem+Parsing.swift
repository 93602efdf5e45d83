extension ListedItem {
  static func list(_ parser: inout JSONParser, keepsRaw: Bool) throws(JSONError) -> [ListedItem] {
    var items: [ListedItem] = []
    try parser.readElements { parser throws(JSONError) in
      if let item = try read(&parser, keepsRaw: keepsRaw) { items.append(item) }
    }
    return items
  }

  private static func read(_ parser: inout JSONParser, keepsRaw: Bool) throws(JSONError) -> ListedItem? {
    guard try parser.peek() == UInt8(ascii: "{") else {
      return ListedItem(json: try parser.parseValue(), keepsRaw: keepsRaw)
    }
    var members: [JSON.Member] = []
    var children: [ListedItem]?
    try parser.readMembers { name, parser throws(JSONError) in
      if name == "children", try parser.peek() == UInt8(ascii: "[") {
        children = try list(&parser, keepsRaw: false)
      } else {
        members.append(JSON.Member(name, try parser.parseValue()))
      }
    }
    return ListedItem(json: .object(members), children: children, keepsRaw: keepsRaw)
  }
}
