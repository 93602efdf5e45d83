import Beray
import Foundation

// The examples of the doc comments, which `QuickStartTests` finds here again: what is written there compiles.

private func examples(client: BerayClient, task: BerayTask, code: String, password: String, newPassword: String)
  async throws
{
  let id = task.id
  do {
    try await client.requestVerificationCode(email: "user@example.com")
  }
  do {
    let session = try await client.register(
      email: "user@example.com", verificationCode: code, password: password)
    _ = session
  }
  do {
    let session = try await client.login(email: "user@example.com", password: password)
    _ = session
  }
  do {
    try await client.loginWithForm(email: "user@example.com", password: password)
  }
  do {
    try await client.logout()
  }
  do {
    print(try await client.currentUser().email ?? "nobody")
  }
  do {
    for token in try await client.tokens() { print(token["id"]?.stringValue ?? "") }
  }
  do {
    try await client.revokeToken("3f2a")
  }
  do {
    try await client.changePassword(from: password, to: newPassword)
  }
  do {
    for user in try await client.users() { print(user["email"]?.stringValue ?? "") }
  }
  do {
    try await client.resetPassword(of: "user@example.com", to: newPassword)
  }
  do {
    let task = try await client.createTask(goal: "Write a haiku about rain")
    _ = task
  }
  do {
    let task = try await client.createTask(TaskRequest(goal: "Review this", agent: "codex"))
    _ = task
  }
  do {
    let running = try await client.tasks().filter { !$0.status.isFinished }
    _ = running
  }
  do {
    for event in try await client.task(id).events ?? [] { print(event.text ?? "") }
  }
  do {
    try await client.stopTask(id)
  }
  do {
    try await client.deleteTask(id)
  }
  do {
    for try await update in try await client.updates(of: id) {
      for event in update.events { print(event.text ?? "") }
    }
  }
  do {
    for entry in try await client.fileTree(of: id, path: "src") { print(entry.name, entry.size ?? 0) }
  }
  do {
    let text = try await client.fileContent(of: id, path: "a.txt").body.collect(upTo: 1 << 20)
    _ = text
  }
  do {
    let receipt = try await client.uploadFile(to: id, path: "a.txt", content: .text("hello\n"))
    // Only where nobody changed it meanwhile:
    if let etag = receipt.etag {
      _ = try await client.uploadFile(
        to: id, path: "a.txt", content: .text("hello again\n"), when: .matching(etag: etag))
    }
  }
  do {
    for try await piece in try await client.archive(of: id, paths: ["src"]).body { print(piece.count) }
  }
  do {
    try await client.removeFile(of: id, path: "a.txt")
  }
  do {
    try await client.moveFile(of: id, from: "a.txt", to: "b.txt", overwrite: false)
  }
  do {
    _ = try await client.appendFile(
      to: id, path: "log", content: .text("one line\n"), key: UUID().uuidString)
  }
  do {
    try await client.makeDirectory(of: id, path: "src")
  }
  do {
    try await client.setAttributes(of: id, path: "run.sh", mode: 0o755, modified: nil)
  }
  do {
    if try await client.capabilities().contains(.append) { print("appends are kept") }
  }
  do {
    client.forgetCapabilities()
  }
  do {
    await client.shutdown()
  }
  do {
    let client = try BerayClient(url: "unix:/run/user/1000/beray/socket")
    _ = client
  }
  do {
    for try await event in client.follow(task.id) { print(event.type ?? "", event.text ?? "") }
  }
}
