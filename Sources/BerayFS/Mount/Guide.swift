/// The text of `README.md` at the root of every mount.
enum Guide {
  /// The guide, with who works on the tasks where that is known.
  static func text(agentAdvice: String?) -> String {
    guard let agentAdvice else { return text }
    return text + "- Who works here: \(agentAdvice).\n\n"
  }

  static let text = """
    # BeRay tasks as files

    Each directory here is a task that an AI agent works on. Everything is plain files: a shell, an editor or a script
    drives the agents.

        mkdir "write a haiku about rain"   start a task (its listed name is <id>-<slug>; the text works as a name, too)
        echo "a longer goal" > new         the same, for goals that cannot be a name; 'last' then points to the task
        cat TASK/status                    PENDING, RUNNING, COMPLETED, FAILED or STOPPED (the server's own word)
        tail -f TASK/events.log            follow it live
        cat TASK/wait                      block until it has ended, then print its status
        ls TASK/files                      the files that the agent works on: open, edit, save, grep, copy
        echo stop > TASK/ctl               end it ('cat ctl' tells the other verbs)
        rmdir TASK                         delete a task that has ended, with its files

    ## In a task

    | file | what it is |
    |---|---|
    | id, goal, status | one value each |
    | task.json | the task as the server gave it, without its events |
    | events | every event, one JSON object a line; grows while the task runs |
    | events.log | the same for people: UTC time, type, text |
    | ctl | write stop, delete or refresh, one a line |
    | files/ | the work directory |
    | stream | like events, but a read blocks for the next line and ends with the task (not listed) |
    | wait | blocks until the task has ended, then gives its status (not listed) |
    | files.zip | the work directory as a ZIP (not listed) |

    ## When something fails

    The program gets an errno; `.beray/errors` says why, what to do, and whether a retry is safe.
    `.beray/status.json` shows the connection, the cache and what waits for upload.

    ## Good to know

    - `rm -r TASK` does not delete the task (use rmdir), but it does delete what is in its files/ where the server can delete files.
    - A file is uploaded when it is closed or fsynced; close tells the error if that failed.
    - What you see is at most 1 s old while a task runs and 30 s once it has ended; `echo refresh > TASK/ctl` asks at once.

    """
}
