import JamboreeKit

/// Who is followed: participants by popularity, such that the number of followers has a power law. Those who write are more
/// popular than those who do not, and most of all those who write much.
struct FollowerDraw: Sendable {
  /// Most whom a reader follows at the start.
  private static let mostFollowed = 200

  private let model: VisitModel
  /// Members, the most popular first: those who write much, the others who write, those who only read.
  private let byPopularity: [UInt32]
  private let choice: AliasTable

  init(_ model: VisitModel, writers: [MemberID], exponent: Double) {
    self.model = model
    let first = Set(writers.map(\.rawValue))
    byPopularity = writers.map(\.rawValue) + model.roster.filter { !first.contains($0) }
    // Where the n-th has n to the power of -a followers, the share of those with k or more falls as k to the power of -1/a.
    choice = AliasTable(weights: ZipfDistribution.weights(exponent: 1 / (exponent - 1), count: max(byPopularity.count, 1)))
  }

  /// A member to follow; nil when there is nobody but the one who asks.
  func member(for reader: UInt32, _ stream: inout RandomStream) -> UInt32? {
    guard byPopularity.count > 1 else { return nil }
    let place = choice.index(bits: stream.next())
    let member = byPopularity[place]
    // Nobody follows themselves: it is the next one in the order then.
    return member != reader ? member : byPopularity[(place + 1) % byPopularity.count]
  }

  /// Ties that exist at the start, for the history.
  func append(to log: inout OperationLog, mean: Double, sigma: Double, at time: SimTime) {
    guard mean > 0, byPopularity.count > 1 else { return }
    let seed = model.setup.seed
    let order = StratifiedPermutation(count: model.roster.count, seed: seed, domain: RandomDomain("microblog.following"))
    let amounts = LognormalDistribution(mean: mean, sigma: sigma)
    let base = RandomStream.base(seed: seed, domain: RandomDomain("microblog.followed"))
    var followed: [UInt32] = []
    for (participant, reader) in model.roster.enumerated() {
      let amount = Int(min(amounts.value(at: order.quantile(of: participant)), Double(Self.mostFollowed)).rounded())
      var stream = RandomStream(key: RandomStream.key(base: base, entity: UInt64(reader)))
      followed.removeAll(keepingCapacity: true)
      // Who is followed already is drawn anew, but not for ever: in a small company some would follow everybody.
      for _ in 0..<(4 * amount) where followed.count < amount {
        guard let other = member(for: reader, &stream), !followed.contains(other) else { continue }
        followed.append(other)
        var connect = Operation(verb: .connect, action: model.setup.firstAction, actor: MemberID(reader), intended: time)
        connect.object = UInt64(other)
        connect.kind = MicroblogService.following.rawValue
        connect.flags.insert(.isBackground)
        log.append(connect)
      }
    }
  }
}
