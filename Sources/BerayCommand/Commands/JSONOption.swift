import ArgumentParser

/// `--json`.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print JSON, for scripts.")
  private var json = false

  var format: OutputFormat { json ? .json : .text }
}
