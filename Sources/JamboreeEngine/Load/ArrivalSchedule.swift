import Glibc
import JamboreeKit

/// When the actions of an open-loop run are meant to start: a pure function of arrivals, stages and seed, so that what was
/// late can be told from what was meant to be later, and so that any number of workers can share it without a word.
///
/// Arrival k comes when the cumulative rate (how many starts the stages' rates make by then) reaches S_k. With constant
/// arrivals S_k is k + 0.5, k from 0: half a gap from either end, so that a stage in which rate times duration is a whole
/// number gets just so many, and none falls on a stage's edge. With Poisson arrivals S_k is the sum of k + 1 exponential
/// numbers of mean 1, which the inverse of the cumulative rate turns into a Poisson process of that rate, however it
/// changes (Çinlar, "Introduction to Stochastic Processes", 1975).
///
/// Each S_k is kept as a whole number and a fraction, relative to its stage, and each time is computed from it alone:
/// nothing adds up, so arrivals after days are where they belong to the nanosecond.
public struct ArrivalSchedule: Sendable {
  private static let domain = RandomDomain("load.arrivals")
  /// A stream's counter holds 32 bits, which a day at 50,000 a second is too much for: each so many draws have one.
  private static let drawsPerStream: UInt32 = 1 << 20

  private let arrivals: LoadSettings.Arrivals
  private let pieces: [RatePiece]
  /// Arrivals from one that is given out to the next.
  private let stride: Int
  private let seed: Seed
  private var random: RandomStream
  private var streamIndex: UInt64 = 0
  private var pieceIndex = 0
  /// Cumulative rate from the piece's start to the next arrival, in two parts; less than the piece's own.
  private var whole = 0.0
  private var fraction = 0.0
  private var last: Int64 = 0

  /// A schedule, or one worker's part of it: every `workers`-th arrival.
  /// - Parameters:
  ///   - stages: one after the other; a rate beyond what ``LoadSettings/Stage`` allows counts as the nearest that it does.
  ///   - seed: of Poisson arrivals; constant ones do not depend on it.
  ///   - worker: in `0 ..< workers`.
  ///   - workers: 1 or more. What their schedules give, merged, is what the schedule of one gives.
  public init(arrivals: LoadSettings.Arrivals, stages: [LoadSettings.Stage], seed: Seed, worker: Int = 0, of workers: Int = 1) {
    self.arrivals = arrivals
    self.seed = seed
    pieces = RatePiece.pieces(of: stages)
    stride = workers
    random = RandomStream(seed: seed, domain: Self.domain, entity: 0)
    switch arrivals {
    case .constant: fraction = 0.5
    case .poisson: addExponential()
    }
    settle()
    pass(worker)
  }

  /// A schedule of one rate throughout.
  /// - Parameters:
  ///   - rate: actions that start in a second; 0 ... 10,000,000.
  ///   - durationNanoseconds: 0 or more.
  public init(
    rate: Double, durationNanoseconds: Int64, arrivals: LoadSettings.Arrivals, seed: Seed, worker: Int = 0, of workers: Int = 1
  ) {
    let stage = LoadSettings.Stage(shape: .step, ratePerSecond: rate, durationNanoseconds: durationNanoseconds)
    self.init(arrivals: arrivals, stages: [stage], seed: seed, worker: worker, of: workers)
  }

  /// The next arrival: nanoseconds since the load's start, never less than the one before; nil after the last.
  public mutating func next() -> Int64? {
    guard pieceIndex < pieces.count else { return nil }
    // Two Poisson arrivals on a ramp can be closer than the rounding of their times.
    last = max(last, pieces[pieceIndex].nanoseconds(whole: whole, fraction: fraction))
    pass(stride)
    return last
  }

  // MARK: From arrival to arrival

  /// Goes on by so many arrivals. One by one where they are random, so that every worker's sums are rounded alike; constant
  /// ones by a leap within each stage, which whole numbers make without rounding.
  private mutating func pass(_ count: Int) {
    switch arrivals {
    case .constant:
      var rest = Double(count)
      while rest > 0, pieceIndex < pieces.count {
        let here = min(rest, pieces[pieceIndex].left(whole: whole, fraction: fraction).rounded(.up))
        whole += here
        rest -= here
        settle()
      }
    case .poisson:
      var rest = count
      while rest > 0, pieceIndex < pieces.count {
        addExponential()
        rest -= 1
        settle()
      }
    }
  }

  private mutating func addExponential() {
    if random.counter == Self.drawsPerStream {
      streamIndex += 1
      random = RandomStream(seed: seed, domain: Self.domain, entity: streamIndex)
    }
    fraction -= log(random.nextUnit())
    let carried = fraction.rounded(.down)
    whole += carried
    fraction -= carried
  }

  /// Moves on to the piece in which the next arrival lies, past those that are too short for it or have a rate of 0.
  private mutating func settle() {
    while pieceIndex < pieces.count {
      let left = pieces[pieceIndex].left(whole: whole, fraction: fraction)
      if left > 0 { return }
      whole = (-left).rounded(.down)
      fraction = -left - whole
      pieceIndex += 1
    }
  }
}
