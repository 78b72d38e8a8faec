import CLinux
import Glibc

/// A thread that stands back: on a machine whose cores are all taken, whoever wakes to start an action in time goes first.
enum BackgroundThread {
  /// Much less than others get, and not nothing: what it does must go on under full load too.
  private static let niceness: Int32 = 10
  private static let longestSliceNanoseconds: UInt64 = 100_000_000

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Runs a body on such a thread of its own, and returns when it has ended. A thread that has stood back once cannot come forward
  /// again, so the caller's own is not used.
  static func run(_ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      let work = Unmanaged.passRetained(Work(body))
      var thread = pthread_t()
      let failure = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
          BackgroundThread.standBack()
          work.body()
          return nil
        }, work.toOpaque())
      guard failure == 0 else {
        work.release()
        return body()
      }
      pthread_join(thread, nil)
    }
  }

  /// Makes the calling thread one that stands back.
  private static func standBack() {
    _ = clinux_set_slice(longestSliceNanoseconds, niceness)
  }
}
