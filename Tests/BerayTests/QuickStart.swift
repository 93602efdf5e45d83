import Beray

// What the documentation shows, as code that compiles; QuickStartTests compares the two.

func quickStartOfTheReadme(token: String) async throws {
  let client = try BerayClient(url: "http://localhost:8000", token: token)
  let task = try await client.createTask(goal: "Write a haiku about rain")
  for try await update in try await client.updates(of: task.id) {
    for event in update.events { print(event.type ?? "", event.text ?? "") }
  }
  let poem = try await client.fileContent(of: task.id, path: "haiku.txt").body.collect(upTo: 1 << 20)
  await client.shutdown()
  print(poem.count)
}

func quickStartOfTheDocumentation(password: String) async throws {
  // 1. Make a client. The default is http://localhost:8000; a socket of this machine is unix:/PATH.
  let client = try BerayClient(url: "http://localhost:8000")

  do {
    // 2. Log in. The client keeps the token.
    let session = try await client.login(email: "user@example.com", password: password)
    print("logged in as \(session.user?.email ?? "")")

    // 3. Create a task.
    let task = try await client.createTask(goal: "Write a Python script that prints hello world")
    print("task \(task.id): \(task.status.text)")

    // 4. List all tasks.
    for task in try await client.tasks() {
      print(task.id, task.goal, task.status.text)
    }

    // 5. Follow it.
    for try await update in try await client.updates(of: task.id) {
      for event in update.events { print(event.type ?? "", event.text ?? "") }
      if let status = update.status { print("status:", status.text) }
    }

    // 6. Read and write its files.
    _ = try await client.uploadFile(to: task.id, path: "hello.py", content: .text("print('hello')\n"))
    for entry in try await client.fileTree(of: task.id) { print(entry.name, entry.size ?? 0) }
    let file = try await client.fileContent(of: task.id, path: "hello.py")
    for try await piece in file.body { print(piece.count, "bytes") }
  } catch {
    print(error)
  }
  await client.shutdown()
}

func errorsOfTheDocumentation(client: BerayClient) async throws {
  do {
    try await client.requestVerificationCode(email: "user@example.com")
  } catch {
    if error.code == .conflict { print("registered already: \(error.detail)") }
  }
}
