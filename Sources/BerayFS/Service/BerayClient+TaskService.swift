public import BerayClient

extension BerayClient: TaskService {}
