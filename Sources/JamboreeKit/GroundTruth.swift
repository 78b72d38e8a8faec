/// In what items differ for those who read them: the section `truth` of a scenario.
public struct TruthSettings: Sendable, Hashable {
  /// Standard deviation of the items' quality; 0: all are equally good. 0 ... 10.
  public var qualitySpread: Double
  /// What a topic that the reader cares about counts for, as a standard deviation on the scale of ``qualitySpread``; 0: topics do
  /// not matter. 0 ... 10.
  public var interestWeight: Double

  public init(qualitySpread: Double = 1, interestWeight: Double = 0.5) {
    self.qualitySpread = qualitySpread
    self.interestWeight = interestWeight
  }
}

/// How good the items of a service truly are: normally distributed about 0, known to the simulation and never to a ranker or a
/// reader, who judges with an error of his own.
public struct LatentQuality: Sendable {
  private let base: UInt64
  private let spread: Double
  private let values: QuantileTable

  /// - Parameter domain: items of different services are good or bad independently of each other.
  public init(seed: Seed, domain: RandomDomain, truth: TruthSettings) {
    base = RandomStream.base(seed: seed, domain: domain)
    spread = truth.qualitySpread
    values = QuantileTable(NormalThousandths(deviation: truth.qualitySpread))
  }

  /// In thousandths: a standard deviation is 1,000 times ``TruthSettings/qualitySpread``.
  @inline(__always) public func thousandths(of item: ItemID) -> Int64 {
    values.value(bits: RandomStream.key(base: base, entity: item.rawValue))
  }

  /// The mark, 1 to 5, that somebody gives an item.
  /// - Parameters:
  ///   - centre: what an item of mean quality gets on average.
  ///   - spread: marks for each unit of quality.
  ///   - noise: standard deviation of the reader's error, in marks.
  public func mark(of item: ItemID, centre: Double = 3, spread: Double, noise: Double, _ stream: inout RandomStream) -> Int32 {
    let quality = Double(thousandths(of: item)) * 0.001
    let mark = centre + spread * quality + noise * standardNormalQuantile(stream.nextUnit())
    return Int32(min(max(mark.rounded(), 1), 5))
  }

  /// What the text of the n-th of the items that the platform itself posts beforehand is made from.
  public func textSeed(ofPlatformItem number: Int) -> UInt64 { mix64(base ^ UInt64(number)) }
}

/// The normal distribution in thousandths, for ``QuantileTable``, which holds whole numbers.
private struct NormalThousandths: InverseDistribution {
  let deviation: Double
  let mean = 0.0
  func value(at quantile: Double) -> Double { standardNormalQuantile(quantile) * 1000 * deviation }
}

/// What a scenario's items are truly worth to its members: what rankings are judged by. Nothing in it changes during a run.
///
/// An item's relevance to a viewer is made of its quality and of whether its topic is among those that the viewer cares about,
/// weighed as ``TruthSettings`` says and brought to mean 0 and variance 1 over the items of all topics, which are equally
/// frequent.
public struct GroundTruth: Sendable {
  /// From this relevance on an item is among the best twentieth for its viewer: what recall and the reciprocal rank look for.
  public static let relevantFrom: Float = 1.6449

  private let settings: TruthSettings
  /// By service number.
  private let qualities: [LatentQuality]
  /// Value of a match and of a mismatch, by how many topics the viewer cares about.
  private let matches: [(hit: Float, miss: Float)]
  private let scale: Float

  /// - Parameter qualities: by service number.
  public init(_ settings: TruthSettings, qualities: [LatentQuality]) {
    self.settings = settings
    self.qualities = qualities
    let variance = settings.qualitySpread * settings.qualitySpread + settings.interestWeight * settings.interestWeight
    scale = variance > 0 ? Float(1 / variance.squareRoot()) : 0
    let weight = settings.interestWeight
    matches = (0...64).map { topics in
      // Who cares about nothing, or about everything, tells no topic from another.
      guard topics > 0, topics < 64 else { return (0, 0) }
      let share = Double(topics) / 64
      let deviation = (share * (1 - share)).squareRoot()
      return (Float(weight * (1 - share) / deviation), Float(-weight * share / deviation))
    }
  }

  /// Whether items differ in quality.
  public var hasQuality: Bool { settings.qualitySpread > 0 }

  /// An item's quality in thousandths, as ``LatentQuality/thousandths(of:)`` says; 0 for what is no service's.
  public func qualityThousandths(of item: ItemID) -> Int64 {
    Int(item.service) < qualities.count ? qualities[Int(item.service)].thousandths(of: item) : 0
  }

  /// An item's quality in its own standard deviations; 0 where all are equal.
  public func quality(of item: ItemID) -> Float {
    guard settings.qualitySpread > 0, Int(item.service) < qualities.count else { return 0 }
    return Float(qualities[Int(item.service)].thousandths(of: item)) / Float(1000 * settings.qualitySpread)
  }

  /// What an item is truly worth to a viewer.
  /// - Parameters:
  ///   - topic: of the item; `0 ..< 64`.
  ///   - interests: bit `t` is set when the viewer cares about topic `t`.
  public func relevance(of item: ItemID, topic: UInt16, interests: UInt64) -> Float {
    let service = Int(item.service)
    let quality = service < qualities.count ? Float(qualities[service].thousandths(of: item)) * 0.001 : 0
    let match = matches[interests.nonzeroBitCount]
    return (quality + (interests >> UInt64(topic & 63) & 1 == 1 ? match.hit : match.miss)) * scale
  }

  /// A relevance as a grade, 0 ... 4, as people who judge results give them: 0 below the median, then from the median, the best
  /// fifth, the best twentieth and the best hundredth on.
  public static func grade(_ relevance: Float) -> Int {
    (relevance >= 0 ? 1 : 0) + (relevance >= 0.8416 ? 1 : 0) + (relevance >= relevantFrom ? 1 : 0) + (relevance >= 2.3263 ? 1 : 0)
  }
}
