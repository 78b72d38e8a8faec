import JamboreeKit

/// Makes the graph of who follows whom.
///
/// A member's edges are of two kinds: some go to members of the same community, evenly, the others to people outside
/// it by popularity. The popularity of rank r falls as (r + 1)^-3/4, which gives followers a power law with exponent
/// 1 + 4/3 = 2.33 (2.3 is what is assumed for microblogs) and an inverse that takes no more than two multiplications.
///
/// The work goes community by community, so the only tables are the ids of one community, a bit a member and the most
/// popular ids: beyond the result itself no more than a megabyte, and an eighth of a byte a member for each worker.
enum GraphGenerator {
  static func generate(_ parameters: GraphParameters, members: Int, seed: Seed, workers: Int) -> SocialGraph {
    let plan = DegreePlan(members: members, parameters: parameters, seed: seed)
    if plan.scale <= 0 && !plan.isSaturated { return SocialGraph(memberCount: members) }
    let offsets = offsets(plan, members: members, workers: workers)
    let layout = CommunityLayout(members: members, size: parameters.communitySize, seed: seed)
    let popularity = Popularity(members: members, seed: seed)
    let base = RandomStream.base(seed: seed, domain: RandomDomain("population.edges"))
    let targets = [UInt32](unsafeUninitializedCapacity: offsets[members]) { buffer, initializedCount in
      // Every member's place is written by the one worker that has the member's community; offsets are only read.
      nonisolated(unsafe) let targets = buffer
      offsets.withUnsafeBufferPointer { places in
        nonisolated(unsafe) let offsets = places
        let communitiesPerChunk = max(Parallel.chunkSize / layout.largestSize, 1)
        let chunkCount = (layout.count + communitiesPerChunk - 1) / communitiesPerChunk
        Parallel.run(workers: workers, chunkCount: chunkCount) { chunks in
          let writer = EdgeWriter(
            members: members, maximumDegree: plan.maximum, communityShare: parameters.communityShare,
            layout: layout, popularity: popularity, base: base)
          for chunk in chunks {
            let first = chunk * communitiesPerChunk
            for community in first..<min(first + communitiesPerChunk, layout.count) {
              writer.write(community: community, offsets: offsets, into: targets)
            }
          }
        }
      }
      initializedCount = offsets[members]
    }
    return SocialGraph(offsets: offsets, targets: targets)
  }

  private static func offsets(_ plan: DegreePlan, members: Int, workers: Int) -> [Int] {
    var offsets = Parallel.column(count: members + 1, workers: workers) { index in
      index == 0 ? 0 : plan.degree(of: index - 1)
    }
    var sum = 0
    for index in offsets.indices {
      sum += offsets[index]
      offsets[index] = sum
    }
    return offsets
  }
}

/// Which members form a community: a seeded order of all members, cut into equal parts.
struct CommunityLayout: Sendable {
  let members: Int
  /// How many communities there are, 1 or more.
  let count: Int
  private let permutation: StratifiedPermutation

  init(members: Int, size: Int, seed: Seed) {
    let wanted = min(max(size, 1), members)
    self.members = members
    count = max((members + wanted / 2) / wanted, 1)
    permutation = StratifiedPermutation(count: members, seed: seed, domain: RandomDomain("population.community"))
  }

  /// Size of the largest community; the others have at most one member less.
  var largestSize: Int { (members + count - 1) / count }

  /// The places of a community in the seeded order.
  func slots(of community: Int) -> Range<Int> { community * members / count..<(community + 1) * members / count }

  func member(at slot: Int) -> Int { permutation.rank(of: slot) }
}

/// Draws members by popularity, in constant time.
struct Popularity: Sendable {
  private let members: Int
  private let permutation: StratifiedPermutation
  /// The members of the first ranks, which most draws ask for.
  private let head: [UInt32]
  private let span: Double

  init(members: Int, seed: Seed) {
    self.members = members
    let order = StratifiedPermutation(count: members, seed: seed, domain: RandomDomain("population.popularity"))
    permutation = order
    head = (0..<min(members, members / 4 + 1_024, 262_144)).map { UInt32(order.rank(of: $0)) }
    span = (Double(members) + 1).squareRoot().squareRoot() - 1
  }

  /// The member of a popularity rank; 0 is the most popular.
  @inline(__always) func member(rank: Int) -> UInt32 {
    rank < head.count ? head[rank] : UInt32(truncatingIfNeeded: permutation.rank(of: rank))
  }

  /// A member for 64 random bits.
  @inline(__always) func member(bits: UInt64) -> UInt32 {
    let root = 1 + unitInterval(bits) * span
    let square = root * root
    return member(rank: min(Int(square * square) - 1, members - 1))
  }
}
