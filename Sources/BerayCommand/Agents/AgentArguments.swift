internal import ArgumentParser
internal import BerayServer

extension AgentAccess: ExpressibleByArgument {}
extension AgentCommand.Format: ExpressibleByArgument {}
