/// How a scenario is put on a backend at wall-clock pace: when actions start, for how long they are measured, and how late
/// the generator may be before its figures are not to be used.
///
/// All times are wall time.
public struct LoadSettings: Sendable, Hashable {
  /// How starts are spread within a rate.
  public enum Arrivals: String, Sendable, CaseIterable {
    /// Evenly.
    case constant
    /// As independent people come: exponential gaps.
    case poisson
  }

  /// A part of an open-loop run with a rate of its own.
  public struct Stage: Sendable, Hashable {
    public enum Shape: String, Sendable, CaseIterable {
      /// At once to the rate, and on at it.
      case step
      /// Evenly from the rate before (0 at the beginning) to this one.
      case ramp
      /// At once to the rate, and back to the one before at its end.
      case spike
      /// As `step`, for as long as it takes to see whether anything wears out: its first and its last tenth are compared.
      case soak
    }

    public var shape: Shape
    /// Actions that start in a second; 0 ... 10,000,000.
    public var ratePerSecond: Double
    /// At least 1 ms.
    public var durationNanoseconds: Int64

    public init(shape: Shape, ratePerSecond: Double, durationNanoseconds: Int64) {
      self.shape = shape
      self.ratePerSecond = ratePerSecond
      self.durationNanoseconds = durationNanoseconds
    }
  }

  /// Of actions that start in a second.
  public static let maximumRatePerSecond = 10_000_000.0
  /// Of all stages together: 31 days.
  public static let maximumStagesNanoseconds: Int64 = 31 * 86_400_000_000_000

  public var arrivals = Arrivals.constant
  /// Of a run at a rate; one that names its rate on the command line has none.
  public var stages: [Stage] = []
  /// Load before the measure phase, which is not counted.
  public var warmUpNanoseconds: Int64 = 10_000_000_000
  /// How long is measured; nil: to the end of the stages, or of the scenario.
  public var measureNanoseconds: Int64?
  /// How long to wait at the end for what is under way.
  public var drainNanoseconds: Int64 = 30_000_000_000
  /// A start is late when the generator delays it by more than this...
  public var latenessLimitNanoseconds: Int64 = 10_000_000
  /// ...and the run is invalid when more than this share of its starts is late; 0 ... 1.
  public var latenessShare = 0.001

  public init() {}

  /// Wall time of all stages together.
  public var stagesNanoseconds: Int64 { stages.reduce(0) { $0 + $1.durationNanoseconds } }
}
