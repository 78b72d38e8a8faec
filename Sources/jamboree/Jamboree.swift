import ArgumentParser
import Foundation
import JamboreeKit

/// The command line: arguments, terminal, exit codes. Everything else is in the modules below.
@main
struct Jamboree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jamboree",
    abstract: "Rehearse a company's social platform before its people arrive.",
    discussion: """
      Exit codes: 0 done; 1 an expectation, a check or a gate failed, or nothing was done; 64 usage or scenario error, or a result file that is not ours; \
      69 backend not reachable; 74 results locked, disk full or not writable, or output that cannot be written; 75 the run \
      is invalid; 130 interrupted.
      """,
    version: Composition.version,
    subcommands: [
      RunCommand.self, ListCommand.self, ShowCommand.self, CompareCommand.self, ScenariosCommand.self, BackendsCommand.self,
      RankersCommand.self, VerifyCommand.self, BenchCommand.self, DoctorCommand.self, GateCommand.self, BaselineCommand.self,
    ])

  static func main() {
    Console.claimStandardStreams()
    Interruption.shared.watch()
    do {
      try refuseUnknownHelp(Array(CommandLine.arguments.dropFirst()))
      try refuseRepeated(Array(CommandLine.arguments.dropFirst()))
      var command = try parseAsRoot()
      try command.run()
    } catch {
      end(error)
    }
  }

  /// `help` answers an unknown command with the overview, as if nothing were wrong.
  private static func refuseUnknownHelp(_ arguments: [String]) throws {
    guard arguments.first == "help" else { return }
    var known: [any ParsableCommand.Type] = [Jamboree.self]
    var command: any ParsableCommand.Type = Jamboree.self
    for name in arguments.dropFirst() where !name.hasPrefix("-") && name != "help" {
      known = command.configuration.subcommands
      guard let next = known.first(where: { $0.configuration.commandName == name }) else {
        let names = known.compactMap { $0.configuration.commandName }
        let hint = nearest(name, among: names).map { "did you mean '\($0)'? " } ?? ""
        throw ValidationError("there is no command '\(name)'; \(hint)known: \(names.joined(separator: ", "))")
      }
      command = next
    }
  }

  /// Of a flag that is given twice the last would win without a word, but for those that make a list.
  private static func refuseRepeated(_ arguments: [String]) throws {
    let makesList: Set<String> = arguments.starts(with: ["bench", "rankers"]) ? ["--set", "--ranker"] : ["--set"]
    var seen: Set<String> = []
    for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
      let flag = String(argument.prefix { $0 != "=" })
      guard makesList.contains(flag) || seen.insert(flag).inserted else {
        throw ValidationError("\(printable(flag)) is given more than once; keep one")
      }
    }
  }

  /// One line on standard error and the exit code; what was asked for (help, the version) on standard output.
  private static func end(_ error: any Error) -> Never {
    Interruption.shared.letLeave()
    do {
      if exitCode(for: error) == .success {
        let text = fullMessage(for: error)
        if !text.isEmpty { try Console.print(text) }
        Foundation.exit(0)
      }
      throw error
    } catch {
      let failure = Failure(error) ?? usageFailure(error)
      Console.complain(failure.message)
      Foundation.exit(failure.code)
    }
  }

  /// The argument parser says on four lines what fits on one: what is wrong, and where to read how it would be right.
  private static func usageFailure(_ error: any Error) -> Failure {
    let code = exitCode(for: error)
    var message = message(for: error)
    // Whoever throws a bare exit code has said what there is to say.
    if error is ExitCode { return Failure(code: code.rawValue, message: "") }
    // An error of no kind that is foreseen must not look like an expectation that did not hold.
    guard code == .validationFailure else { return Failure(code: Failure.invalid, message: message) }
    if let first = message.first { message = first.lowercased() + message.dropFirst() }
    message = message.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: ", ")
    if !message.contains("'jamboree ") {
      let help = fullMessage(for: error).split(separator: "\n").last { $0.hasPrefix("  See '") }
      message += "; see '\(help?.split(separator: "'").dropFirst().first ?? "jamboree --help")'"
    }
    return Failure(code: code.rawValue, message: message)
  }
}
