import JamboreeKit

private enum StrategyName: String, CaseIterable { case pull, push, hybrid }

/// Reads `feed`: how the pages of those whom a member follows are put together.
func readFeed(_ reader: inout ParameterReader) throws(ConfigurationError) -> FeedStrategy {
  let name: StrategyName = try reader.choice(
    "strategy", default: .pull,
    "pull: from what each of them has published; push: everything goes into followers' inboxes; hybrid: by the author's followers")
  let threshold = try reader.integer(
    "threshold", default: FeedStrategy.defaultThreshold, in: FeedStrategy.thresholds, unit: "followers",
    "of hybrid: authors with more are pulled, the others pushed")
  return switch name {
  case .pull: .pull
  case .push: .push
  case .hybrid: .hybrid(threshold: threshold)
  }
}

extension FeedStrategy {
  /// The overrides that put it into a scenario.
  public var overrides: [String] {
    switch self {
    case .pull: ["feed.strategy=pull"]
    case .push: ["feed.strategy=push"]
    case .hybrid(let threshold): ["feed.strategy=hybrid", "feed.threshold=\(threshold)"]
    }
  }
}
