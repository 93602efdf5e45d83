import BerayAPI
import VFS

extension Timestamp {
  init(_ time: UTCTime) { self.init(seconds: time.seconds, nanoseconds: time.nanoseconds) }
}

extension UTCTime {
  init(_ time: Timestamp) { self.init(seconds: time.seconds, nanoseconds: time.nanoseconds) }
}
