package import Beray

extension BerayClient: TaskService {}
