internal import BerayAPI

extension Account {
  /// The user as `users/me` shows them.
  var json: JSON { ["id": JSON(id), "email": .string(email), "created_at": .string(createdAt)] }
}
