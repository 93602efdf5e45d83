import ArgumentParser
import BerayAPI

/// `--json`.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print JSON, as the server gave it, for scripts.")
  var json = false
}
