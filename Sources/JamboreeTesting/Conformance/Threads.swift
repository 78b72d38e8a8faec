import Dispatch

/// Runs `body` on threads of their own, all at once, and returns what each gave, by number. Throws the error of the
/// lowest number if any threw.
@discardableResult
func onThreads<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) throws -> Value) throws -> [Value] {
  let group = DispatchGroup()
  let results = Guarded<[Int: Result<Value, any Error>]>([:])
  for thread in 0..<count {
    // A serial queue has a thread to itself, so that all of them make progress at once.
    DispatchQueue(label: "jamboree.conformance.\(thread)").async(group: group) {
      let result = Result { try body(thread) }
      results.access { $0[thread] = result }
    }
  }
  group.wait()
  let found = results.access { $0 }
  return try (0..<count).compactMap { try found[$0]?.get() }
}

/// A value that one thread at a time has. Over a serial queue, which the thread sanitizer sees, where it takes what a
/// `Mutex` guards for a race.
final class Guarded<Value>: @unchecked Sendable {
  // Safe to share: the value is touched on the queue alone.
  private let queue = DispatchQueue(label: "jamboree.guarded")
  private var value: Value

  init(_ value: Value) { self.value = value }

  func access<Output>(_ body: (inout Value) -> Output) -> Output { queue.sync { body(&value) } }
}
