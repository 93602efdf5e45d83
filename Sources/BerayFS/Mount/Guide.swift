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
        echo "a longer goal" > new         the same, for goals that cannot be a name
        cat new                            the id of the task that your session made last, or why there is none
        cat TASK/status                    PENDING, RUNNING, COMPLETED, FAILED or STOPPED (the server's own word)
        tail -f TASK/events.log            follow it live
        timeout 60 cat TASK/wait           block until it has ended, a minute at most, then print its status
        cat TASK/result                    the agent's last answer
        ls TASK/files                      the files that the agent works on: open, edit, save, grep, copy
        echo stop > TASK/ctl               end it ('cat ctl' tells the other verbs)
        rmdir TASK                         delete a task that has ended, with its files (rm -r TASK does so, too)

    `last` links to the newest task, whoever made it.

    ## In a task

    | file | what it is |
    |---|---|
    | id, goal, status | one value each |
    | result | the agent's last answer; empty until there is one |
    | error | why the task failed; empty if it did not |
    | task.json | the task as the server gave it, without its events |
    | events | every event, one JSON object a line; grows while the task runs |
    | events.log | the same for people: UTC time, type, text |
    | ctl | write stop, delete or refresh, one a line |
    | files/ | the work directory |

    Not listed, so that no `grep -r` waits for them; open them by name:

    | name | what it is |
    |---|---|
    | TASK/follow | like events.log, but a read blocks for the next line and ends with the task |
    | TASK/stream | like events, but a read blocks for the next line and ends with the task |
    | TASK/wait | blocks until the task has ended, then gives its status |
    | TASK/files.zip | the work directory as a ZIP |
    | by-status/RUNNING/ | links to the tasks of a status |
    | today/ | links to the tasks made today |
    | .beray/events | the events of all tasks as they come: {"task":42,"event":{…}} |

    ## Questions

    **My goal has a `/`, several lines, or more than 1,024 bytes.** Write it to `new`: one open file is one goal of any
    length. `{ echo "review this:"; cat patch.diff; } > new`

    **Something failed. Why?** The program gets an errno. `tail .beray/errors` says why, what to do, and whether the same
    call will fail again or is safe to repeat. A shell cannot see that a goal written to `new` was refused: `cat new`
    says so, and `last` leads nowhere until you write another.

    **How long do I wait?** `timeout 60 cat TASK/wait`: exit status 124 means that it still runs. Nothing is lost.

    **Which agent runs?** `grep agent .beray/status.json`. One task can name its own, where the server takes that:
    `echo '{"goal": "…", "agent": "claude"}' > new`

    **Which task is mine?** `T=$(cat new)` right after the goal was written, by mkdir or to `new`: each terminal or script
    (session) reads its own. `last` is the newest of all your tasks, also those made elsewhere.

    **Can I give the same goal again?** While the task of that text runs, mkdir fails with "File exists"; once it has
    ended, mkdir starts a new one. `mkdir -p` makes no second one.

    ## Good to know

    - A file is uploaded when it is closed or fsynced; close tells the error if that failed.
    - What you see is at most 1 s old while a task runs and 30 s once it has ended; `echo refresh > TASK/ctl` asks at once.
    - `rm -r TASK` deletes an ended task at once. Other tools that remove file by file are refused, and files/ stays whole.
    - Ctrl-C in `cat > new` starts nothing.
    - `.beray/status.json` shows the connection, the cache and what waits for upload.

    """
}
