extension User {
  /// Reads the answer of `GET users/me`, or the `user` of a login. Any object is accepted.
  public init(json: JSON) throws(UnexpectedJSON) {
    guard json.objectValue != nil else { throw UnexpectedJSON(expected: "a user") }
    self.init(
      id: json.first(of: ["id", "user_id", "uuid"], as: \.identifier), email: json.first(of: ["email"], as: \.word),
      raw: json)
  }
}
