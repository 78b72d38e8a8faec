import JamboreeKit

/// Holds some of the pages that one shard's members are shown against what their candidates are truly worth to them.
///
/// Which pages depends on viewer and time alone, and everything is added up in whole numbers, so the sum over the shards is the
/// same for any number of workers.
final class QualityMeter {
  // Safe in a run: a meter belongs to its shard, which one worker has claimed.
  private let truth: GroundTruth
  /// By member.
  private let interests: [UInt64]
  private let salt: UInt64
  private let judgedPages: UInt64
  private var grades = Buffer<UInt8>()
  private(set) var sums = QualitySums()
  private(set) var exposures = ExposureTable()

  init(_ plan: SimulationPlan) {
    truth = plan.truth
    interests = plan.population.interests
    salt = mix64(plan.salt ^ 0x6A75_6467)
    judgedPages = UInt64(plan.judgedPages)
  }

  /// Judges the page if it is one of those that are.
  @inline(__always)
  func look(at items: borrowing ItemColumns, page: borrowing Buffer<UInt16>, of viewer: MemberID, now: SimTime) {
    let mixed = mix64(salt ^ UInt64(bitPattern: now.nanoseconds) &+ UInt64(viewer.rawValue) &* 0x9E37_79B9_7F4A_7C15)
    guard ((mixed >> 32) &* judgedPages) >> 32 == 0 else { return }
    judge(items, page, viewer, now)
  }

  @inline(never)
  private func judge(_ items: borrowing ItemColumns, _ page: borrowing Buffer<UInt16>, _ viewer: MemberID, _ now: SimTime) {
    guard page.count > 0 else { return }
    let member = Int(viewer.rawValue)
    let cares = member < interests.count ? interests[member] : 0
    grades.removeAll()
    var topics: UInt64 = 0
    for row in 0..<items.count {
      let (item, topic) = (items.idSpan[row], items.topicSpan[row])
      grades.append(UInt8(GroundTruth.grade(truth.relevance(of: item, topic: topic, interests: cares))))
      topics |= 1 << UInt64(topic & 63)
      exposures.note(item, created: items.createdSpan[row]) { truth.hasQuality && truth.quality(of: $0) >= GroundTruth.relevantFrom }
    }
    var (shownTopics, age): (UInt64, Int64) = (0, 0)
    for place in 0..<page.count {
      let row = Int(page[place])
      exposures.show(items.idSpan[row], at: now)
      shownTopics |= 1 << UInt64(items.topicSpan[row] & 63)
      age &+= max((now.nanoseconds &- items.createdSpan[row].nanoseconds) / 1_000_000, 0)
    }
    let judgement = PageJudgement(grades: grades, page: page)
    let possible = min(topics.nonzeroBitCount, page.count)
    sums.add(
      judgement, shown: page.count, ageMilliseconds: age, topicShare: Double(shownTopics.nonzeroBitCount) / Double(possible))
  }

  /// Forgets what it has seen.
  func removeAll() {
    sums = QualitySums()
    exposures = ExposureTable()
  }

  func encode(into encoder: inout StateEncoder) {
    encoder.encode(sums)
    exposures.encode(into: &encoder)
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    sums = try decoder.decode(QualitySums.self)
    try exposures.restore(from: &decoder)
  }
}

/// What judged pages add up to. Shares in units of 2^-30: whole numbers give the same sum in any order.
struct QualitySums: BitwiseCopyable {
  private(set) var pages: Int64 = 0
  private(set) var relevantPages: Int64 = 0
  private(set) var shown: Int64 = 0
  private(set) var ageMilliseconds: Int64 = 0
  private var ndcg: Int64 = 0, ndcgByChance: Int64 = 0
  private var recall: Int64 = 0, recallByChance: Int64 = 0
  private var reciprocalRank: Int64 = 0, reciprocalRankByChance: Int64 = 0
  private var topicShare: Int64 = 0

  private static let unit = Double(1 << 30)
  private static func fixed(_ share: Double) -> Int64 { Int64((share * unit).rounded()) }

  mutating func add(_ page: PageJudgement, shown count: Int, ageMilliseconds age: Int64, topicShare share: Double) {
    pages += 1
    shown += Int64(count)
    ageMilliseconds &+= age
    ndcg += Self.fixed(page.ndcg)
    ndcgByChance += Self.fixed(page.ndcgByChance)
    topicShare += Self.fixed(share)
    guard let found = page.recall, let first = page.reciprocalRank else { return }
    relevantPages += 1
    recall += Self.fixed(found)
    recallByChance += Self.fixed(page.recallByChance)
    reciprocalRank += Self.fixed(first)
    reciprocalRankByChance += Self.fixed(page.reciprocalRankByChance)
  }

  mutating func add(_ other: QualitySums) {
    pages += other.pages
    relevantPages += other.relevantPages
    shown += other.shown
    ageMilliseconds &+= other.ageMilliseconds
    ndcg += other.ndcg
    ndcgByChance += other.ndcgByChance
    recall += other.recall
    recallByChance += other.recallByChance
    reciprocalRank += other.reciprocalRank
    reciprocalRankByChance += other.reciprocalRankByChance
    topicShare += other.topicShare
  }

  /// Means over the judged pages; of recall and reciprocal rank, over those with something relevant to be found.
  var means: [(name: String, value: Double)] {
    func mean(_ sum: Int64, _ count: Int64) -> Double { Double(sum) / Self.unit / Double(count) }
    guard pages > 0 else { return [] }
    var means = [("ndcg20", mean(ndcg, pages)), ("ndcg20ByChance", mean(ndcgByChance, pages)), ("topicCoverage", mean(topicShare, pages))]
    if relevantPages > 0 {
      means += [
        ("recall20", mean(recall, relevantPages)), ("recall20ByChance", mean(recallByChance, relevantPages)),
        ("mrr", mean(reciprocalRank, relevantPages)), ("mrrByChance", mean(reciprocalRankByChance, relevantPages)),
      ]
    }
    return means
  }
}
