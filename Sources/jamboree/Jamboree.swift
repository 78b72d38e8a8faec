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
    Console.prepare()
    Interrupts.shared.install()
    do {
      try checkHelp(CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if let failure = Failure(error) {
        Console.complain(failure.message)
        Foundation.exit(failure.code)
      }
      end(with: error)
    }
  }

  /// `help` about a command that there is not would tell about all of them, as if that had been asked.
  private static func checkHelp(_ arguments: ArraySlice<String>) throws {
    guard arguments.first == "help", let name = arguments.dropFirst().first, !name.hasPrefix("-") else { return }
    let known = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard known.contains(name) else {
      throw Failure(code: Failure.usage, message: "there is no command '\(name)'; known: \(known.joined(separator: ", "))")
    }
  }

  /// Help and versions, plain exit codes, and what the arguments were refused for: one line and where to find more.
  private static func end(with error: any Error) -> Never {
    let code = exitCode(for: error).rawValue
    if code == 0 {
      print(fullMessage(for: error))
    } else if !(error is ExitCode) {
      var message = message(for: error)
      while message.hasSuffix(".") { message.removeLast() }
      Console.complain("\(message.replacingOccurrences(of: "\n", with: " ")); see 'jamboree help'")
    }
    Foundation.exit(code)
  }
}
