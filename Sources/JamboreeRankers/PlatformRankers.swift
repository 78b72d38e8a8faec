import JamboreeKit

/// The rankers that ship and need no other program, in the order in which documentation lists them.
public let platformRankers: [any FeedRanker.Type] = [
  HotRanker.self,
  ChronologicalRanker.self,
  TopRanker.self,
  BayesianRanker.self,
  AffinityRanker.self,
  InterestRanker.self,
  EngagementRanker.self,
  DiversifiedRanker.self,
  RandomRanker.self,
  OracleRanker.self,
]
