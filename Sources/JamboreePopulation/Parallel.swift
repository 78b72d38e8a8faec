import Dispatch

/// Runs fixed pieces of work on a number of workers. Which worker takes which piece follows from their numbers alone.
enum Parallel {
  /// How many members a piece has: few enough pieces to be cheap, enough of them to even out.
  static let chunkSize = 8_192

  /// Calls `body` once a worker with the worker's chunks; the chunks `0 ..< chunkCount` are dealt out in turn.
  static func run(workers: Int, chunkCount: Int, _ body: @Sendable (StrideTo<Int>) -> Void) {
    let count = min(max(workers, 1), chunkCount)
    if count <= 1 { return body(stride(from: 0, to: chunkCount, by: 1)) }
    DispatchQueue.concurrentPerform(iterations: count) { worker in
      body(stride(from: worker, to: chunkCount, by: count))
    }
  }

  /// Calls `body` with ranges that together are `0 ..< count`.
  static func forRanges(of count: Int, workers: Int, _ body: @Sendable (Range<Int>) -> Void) {
    run(workers: workers, chunkCount: (count + chunkSize - 1) / chunkSize) { chunks in
      for chunk in chunks { body(chunk * chunkSize..<min((chunk + 1) * chunkSize, count)) }
    }
  }

  /// An array whose entry `i` is `value(i)`.
  static func column<Value: BitwiseCopyable>(count: Int, workers: Int, _ value: @Sendable (Int) -> Value) -> [Value] {
    [Value](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      // No two ranges share an entry.
      nonisolated(unsafe) let base = buffer.baseAddress!
      forRanges(of: count, workers: workers) { range in
        for index in range { (base + index).initialize(to: value(index)) }
      }
      initializedCount = count
    }
  }
}
