// Who imports the client has the tasks, events and files that its calls take and give.
@_exported public import BerayAPI
