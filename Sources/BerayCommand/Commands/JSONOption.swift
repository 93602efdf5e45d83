import ArgumentParser

/// `--json`.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print JSON, for scripts.")
  var json = false

  var format: OutputFormat { json ? .json : .text }
}
