// Importing the client also brings the tasks, events and files that its calls take and return.
@_exported public import BerayAPI
