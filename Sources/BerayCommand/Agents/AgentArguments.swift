public import ArgumentParser
public import BerayServer

extension AgentAccess: ExpressibleByArgument {}
extension AgentCommand.Format: ExpressibleByArgument {}
