import Dispatch
import Synchronization

/// Calls that may never come back, because a server has stopped answering in the middle of one.
enum TimeLimit {
  private final class Answer<Value>: @unchecked Sendable {
    // Safe to share: written before the signal, read after it.
    var value: Value?
  }

  /// What a call answers within a time; nil when it has not by then. It goes on all the same, and nobody waits for it.
  static func run<Value>(seconds: Double, _ body: @escaping @Sendable () -> Value) -> Value? {
    let answer = Answer<Value>()
    let isDone = DispatchSemaphore(value: 0)
    DispatchQueue.global(qos: .userInitiated).async {
      answer.value = body()
      isDone.signal()
    }
    return isDone.wait(timeout: .now() + seconds) == .success ? answer.value : nil
  }
}
