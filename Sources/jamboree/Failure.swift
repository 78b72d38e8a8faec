import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeResults

/// What a failed command says and the code it exits with.
struct Failure: Error, CustomStringConvertible {
  static let checkFailed: Int32 = 1
  static let usage: Int32 = 64
  static let unreachable: Int32 = 69
  static let io: Int32 = 74
  static let invalid: Int32 = 75
  static let interrupted: Int32 = 130

  let code: Int32
  let message: String
  var description: String { message }

  init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// Nil for what the argument parser handles itself: usage errors, `--help`, plain exit codes.
  init?(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ConfigurationError: self.init(code: Failure.usage, message: error.description)
    case let error as PlugInError:
      let code =
        switch error.kind {
        case .usage: Failure.usage
        case .unreachable, .failed: Failure.unreachable
        case .io: Failure.io
        }
      self.init(code: code, message: error.message)
    case let error as ResultStoreError:
      self.init(code: error.kind == .usage ? Failure.usage : Failure.io, message: error.message)
    case let error as ReplayMismatch: self.init(code: Failure.invalid, message: error.description)
    case let stopped as RunStopped:
      self.init(
        code: Failure.interrupted, message: "stopped before anything new was measured" + (stopped.remark.isEmpty ? "" : "; \(stopped.remark)"))
    default: return nil
    }
  }
}
