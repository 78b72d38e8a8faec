import Glibc

/// A value behind a POSIX lock. Not `Mutex`: the thread sanitizer does not know that one and would report what it guards.
package final class Guarded<Value>: @unchecked Sendable {
  // Safe to share: the value is touched under the lock alone.
  private var value: Value
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  package init(_ value: Value) {
    self.value = value
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return try body(&value)
  }
}
