public import Beray

extension BerayClient: TaskService {}
