import Beray
import BerayAPI
import DequeModule
import VFS
import Waiting

/// What the observers of a ``TaskFeed`` are told.
enum FeedChange: Sendable, Equatable {
  case status(TaskStatus)
  /// The new sizes of the two renderings, in bytes.
  case events(json: Int64, text: Int64)
  /// The task was deleted, here or elsewhere.
  case removed
  /// The stream cannot be had; told once until it is there again.
  case unreachable(BerayError)
  case reachable
}

/// All that a ``TaskFeed`` knows, as a value. Its mutating methods return what to do once the lock is released.
struct FeedState: Sendable {
  /// What is to be done after a change.
  struct Effects {
    var woken: [Waiters.Continuation] = []
    var startsFollower = false
    /// The task has ended, but its stream has not.
    var startsGrace = false
  }

  var task: BerayTask {
    didSet {
      // The log has the events; the list would be kept twice.
      if task.events != nil { task.events = nil }
    }
  }
  var log: EventLog
  var modified: Timestamp
  private let firstSeen: Timestamp
  var created: Timestamp { task.createdAt.map(Timestamp.init) ?? firstSeen }
  /// The uptime at which the newest answer about the task was asked for; nil if it has to be asked again.
  var taskAsked: Duration?
  /// The same for the list of events.
  var eventsAsked: Duration?
  /// When the log was fetched.
  var logUsed = Duration.zero
  /// The uptime before which no answer counts, because everything was then marked stale.
  var expired = Duration.zero
  var isRemoved = false
  var isInterrupted = false

  var flight: (flight: Flight<Void, BerayError>, number: Int)?
  var flights = 0
  var appliedFlight = 0
  /// What had come of the stream when the last request was made.
  var lastAsked = EventLog.Mark()
  var lastAskedAt: Duration?
  var isFetchDue = false

  var holds = 0
  /// Counts holds and releases, so that the end of a linger can tell whether it still applies.
  var holdChanges = 0
  var follower: Task<Void, Never>?
  var reader: Task<BerayError?, Never>?
  var isInGrace = false
  /// Whether a stream is open and nothing is missing before it.
  var isLive = false
  var lastEventID: String?
  var lastListedID: String?
  var isUnreachable = false

  var waiters = Waiters()
  var changes: Deque<FeedChange> = []
  var isTelling = false
  var observers: [@Sendable (FeedChange) -> Void] = []

  init(task: BerayTask, firstSeen: Timestamp) {
    self.task = task
    self.task.events = nil
    self.firstSeen = firstSeen
    log = EventLog(status: task.status)
    modified = (task.updatedAt ?? task.createdAt).map(Timestamp.init) ?? firstSeen
    isModifiedTold = task.updatedAt != nil || task.createdAt != nil
  }

  /// Whether ``modified`` is more than the time at which this mount first saw the task.
  private var isModifiedTold: Bool

  /// Whether the task has ended, and what is known of it will not change.
  var isFinished: Bool { task.status.isFinished && (!log.hasList || log.isClosed) }

  /// Whether the request under way can tell as much as a new one. Once the stream has told the end, an older answer
  /// cannot close the log.
  var canJoinFlight: Bool {
    (!task.status.isFinished || lastAsked == log.mark) && lastAskedAt.map { $0 >= expired } ?? true
  }

  /// Whether following the task can tell anything more.
  var wantsFollower: Bool { holds > 0 && canFollow }
  var canFollow: Bool { !isRemoved && !isInterrupted && !log.isClosed }

  /// Takes a status that the stream or an answer tells.
  mutating func set(_ status: TaskStatus) {
    task.status = status
    if !status.isFinished, log.isClosed { log.reopen() }
  }

  /// Takes the task from a list. Once the task itself was asked for, which tells more, only status and times are taken.
  mutating func take(listed new: BerayTask, asked: Duration) {
    // What was overtaken by a later answer has nothing to tell.
    if let taskAsked, asked < taskAsked { return }
    let known = task
    if log.hasList {
      task.createdAt = new.createdAt ?? known.createdAt
      task.updatedAt = new.updatedAt ?? known.updatedAt
    } else {
      take(new)
    }
    let tellsStatus = !new.status.text.isEmpty
    // A list does not undo the end, but it has the task asked again. What a live stream told is newer than a list.
    let contradicts = known.status.isFinished && tellsStatus && !new.status.isFinished
    task.status = isLive || contradicts || !tellsStatus ? known.status : new.status
    // When a list tells the end, the log lacks its last lines: the next look asks for them.
    let isBehind = task.status.isFinished && log.hasList && !log.isClosed
    if isBehind { eventsAsked = nil }
    if isBehind || contradicts {
      taskAsked = nil
    } else if tellsStatus, asked >= expired {
      taskAsked = asked
    }
  }

  /// Takes an answer without its events. The first goal stays, because files and names are made of it.
  mutating func take(_ new: BerayTask) {
    let goal = task.goal
    task = new
    task.raw = new.raw.removing(["events"])
    if !goal.isEmpty { task.goal = goal }
  }

  /// Ends the log where the task has ended and no stream is open that could tell more.
  /// - Parameter asked: the mark of the answer that was taken last. One that was asked for before the stream's last
  ///   words cannot decide what of them is new, so the log stays open, and the next look asks again.
  mutating func closeIfOver(asked: EventLog.Mark) {
    guard task.status.isFinished, log.hasList, reader == nil else { return }
    guard asked == log.mark else {
      taskAsked = nil
      eventsAsked = nil
      return
    }
    log.close(status: task.status, at: task.updatedAt)
  }

  /// Makes `body`'s changes and finds out what follows from them.
  mutating func change<Value>(_ body: (inout FeedState) -> Value) -> (Value, Effects) {
    let (status, removed, interrupted, wasFinished) = (task.status, isRemoved, isInterrupted, isFinished)
    let (json, text) = (log.size(of: .json), log.size(of: .text))
    let value = body(&self)
    var effects = Effects()
    touch()
    let count = changes.count
    if log.size(of: .json) != json || log.size(of: .text) != text {
      changes.append(.events(json: log.size(of: .json), text: log.size(of: .text)))
    }
    if task.status != status || isFinished != wasFinished { changes.append(.status(task.status)) }
    if isRemoved, !removed { changes.append(.removed) }
    if changes.count > count || isInterrupted != interrupted { effects.woken = waiters.takeAll() }
    effects.startsFollower = wantsFollower && follower == nil
    if task.status.isFinished, reader != nil, !isInGrace {
      isInGrace = true
      effects.startsGrace = true
    }
    return (value, effects)
  }

  /// The time of the last change never goes back, and is never simply now.
  private mutating func touch() {
    let told = [task.updatedAt, log.newest].compactMap { $0 }.max() ?? task.createdAt
    guard let time = told.map(Timestamp.init), time > modified || !isModifiedTold else { return }
    modified = max(time, modified)
    isModifiedTold = true
  }
}
