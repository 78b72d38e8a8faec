import Synchronization

/// A clock that moves only when told to, or by a fixed step at each reading: for tests.
public final class ManualClock: Sendable {
  private let nanoseconds: Atomic<UInt64>
  private let stepNanoseconds: UInt64

  public init(nanoseconds: UInt64 = 1, stepNanoseconds: UInt64 = 0) {
    self.nanoseconds = Atomic(nanoseconds)
    self.stepNanoseconds = stepNanoseconds
  }

  public func advance(byNanoseconds amount: UInt64) { nanoseconds.wrappingAdd(amount, ordering: .relaxed) }

  func read() -> UInt64 {
    nanoseconds.wrappingAdd(stepNanoseconds, ordering: .relaxed).oldValue
  }
}
