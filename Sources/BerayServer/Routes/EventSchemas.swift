internal import BerayAPI

/// The JSON schemas of this server's events, so that clients can read them without guessing.
enum EventSchemas {
  static let all: JSON = [
    "Event": [
      "description":
        "One event of a task, the same in its stream and in its list. Members that are not named here are the agent's.",
      "oneOf": [reference("StatusEvent"), reference("AgentEvent")],
    ],
    "StatusEvent": [
      "description": "The status of the task itself. No other event speaks of it. The last event of a task is one.",
      "type": "object",
      "properties": [
        "id": identifier, "type": ["const": "status"], "created_at": time, "status": status,
        "exit_code": ["type": "integer"], "signal": ["type": "integer"],
        "text": ["type": "string", "description": "Why it failed, in words"],
        "turns": count, "input_tokens": count, "output_tokens": count, "total_tokens": count,
        "cost_usd": ["type": "number", "description": "What the agent says that the run has cost"],
        "denied": [
          "type": "integer", "minimum": 1, "description": "How often the agent was denied what it wanted to do",
        ],
      ],
      "required": ["id", "type", "created_at", "status"],
    ],
    "AgentEvent": [
      "description":
        "A line of the agent. Where a field of its own has a name that readers look for, it has the prefix agent_.",
      "type": "object",
      "properties": [
        "id": identifier, "type": ["type": "string", "not": ["const": "status"]], "created_at": time,
        "text": ["type": "string", "description": "What is shown of the event"],
        "log": [
          "const": false, "description": "Where it is there, the event is for programs, and no log for people has it",
        ],
        "truncated": ["const": true, "description": "Where it is there, the text was cut"],
      ],
      "required": ["id", "type", "created_at"],
    ],
    "Task": [
      "type": "object",
      "properties": [
        "id": ["type": "integer"], "goal": ["type": "string"], "status": status, "tools": ["type": ["array", "null"]],
        "created_at": time, "updated_at": time, "error": ["type": ["string", "null"]],
        "exit_code": ["type": ["integer", "null"]],
        "agent": ["type": "string", "description": "The agent that runs it"],
        "from": ["type": "string", "description": "What its work directory began with"],
        "result": ["type": "string", "description": "The agent's last answer; absent until there is one"],
        "events": ["type": "array", "items": reference("Event")],
      ],
      "required": ["id", "goal", "status", "created_at", "updated_at"],
    ],
  ]

  static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

  private static let identifier: JSON = [
    "type": "integer", "minimum": 1, "description": "Counts from 1 in each task; the id of the message in its stream",
  ]
  private static let count: JSON = ["type": "integer", "minimum": 0]
  private static let time: JSON = ["type": "string", "format": "date-time"]
  private static let status: JSON = [
    "type": "string", "enum": ["PENDING", "RUNNING", "COMPLETED", "FAILED", "STOPPED"],
  ]
}
