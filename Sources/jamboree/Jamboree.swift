import ArgumentParser
import Foundation

/// The command line: arguments, terminal, exit codes. Everything else is in the modules below.
@main
struct Jamboree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jamboree",
    abstract: "Rehearse a company's social platform before its people arrive.",
    discussion: """
      Exit codes: 0 done; 1 an expectation failed; 64 usage or scenario error, or a result file that is not ours; \
      69 backend not reachable; 74 results locked, disk full or not writable; 75 the run is invalid; 130 interrupted.
      """,
    version: Composition.version,
    subcommands: [
      RunCommand.self, ListCommand.self, ShowCommand.self, CompareCommand.self, ScenariosCommand.self, BackendsCommand.self,
      RankersCommand.self, BenchCommand.self, DoctorCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard let failure = Failure(error) else { exit(withError: error) }
      FileHandle.standardError.write(Data("jamboree: \(failure.message)\n".utf8))
      Foundation.exit(failure.code)
    }
  }
}
