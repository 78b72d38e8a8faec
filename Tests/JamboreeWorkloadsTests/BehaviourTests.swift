import Glibc
import JamboreeKit
import Testing

@testable import JamboreeWorkloads

@Suite struct BehaviourTests {
  @Test func thinkTimeIsLognormalOfMean69Seconds() throws {
    let play = JamPlay(try makeModel(members: 640))
    let times = play.thinkTimes.map { $0 / 1e9 }
    #expect(times.count > 20_000)
    // The logarithm has standard deviation 1 and, for a mean of 69 s, mean ln 69 - 1/2.
    #expect(kolmogorovSmirnov(times) { normalCumulative(log(max($0, 1e-12)) - log(69) + 0.5) } < 1.95)
    // The standard deviation is 69 s x sqrt(e - 1); four standard errors.
    #expect(abs(times.mean - 69) < 4 * 69 * sqrt(M_E - 1) / Double(times.count).squareRoot())
  }

  @Test func pagesPerVisitAreGeometric() throws {
    let play = JamPlay(try makeModel(members: 1_600))
    let pages = play.visits.map { Double($0.pages) }
    // 2 + geometric of mean 23.909, whose variance is m (1 + m).
    #expect(pages.min() == 2)
    #expect(abs(pages.mean - 25.909) < 4 * sqrt(23.909 * 24.909 / Double(pages.count)))
    var cells = [Double](repeating: 0, count: 20)
    for count in pages { cells[min(Int((count - 2) / 5), 19)] += 1 }
    let ratio = 23.909 / 24.909
    let shares = (0..<20).map { $0 < 19 ? pow(ratio, 5 * Double($0)) * (1 - pow(ratio, 5)) : pow(ratio, 95) }
    #expect(chiSquare(cells, shares.map { $0 * Double(pages.count) }).value < chiSquareLimit(19))
    #expect(play.counters[2] == Int64(pages.total))
  }

  @Test func negativeShareFollowsTheHours() throws {
    let play = JamPlay(
      try makeModel(members: 40_000) {
        $0.pagesPerSession = 2
        $0.posts.perParticipant = 2
        $0.ratings.perParticipant = 0
      })
    var negative = [Double](repeating: 0, count: 72)
    var expected = negative
    var variance = negative
    // Chi-square over 72 hours is blunt against one figure that is a little off. These three sums are what a likelihood's
    // slope is made of: by level, by the hour of the turn, by its width. Each over its standard deviation.
    var scores = [Double](repeating: 0, count: 3)
    var squares = scores
    for post in play.writes where post.verb == .publish {
      // A visit that begins in the last hour goes on a little after it.
      let hours = Double(post.intended.nanoseconds) / 3.6e12
      let hour = min(Int(hours), 71)
      let share = 0.20 + 0.40 / (1 + exp((hours - 16) / 2.5))
      negative[hour] += post.flags.contains(.isNegative) ? 1 : 0
      expected[hour] += share
      variance[hour] += share * (1 - share)
      let fallen = (0.60 - share) / 0.40
      let slopes = [1, fallen * (1 - fallen), fallen * (1 - fallen) * (hours - 16) / 2.5]
      for (index, slope) in slopes.enumerated() {
        scores[index] += slope * ((post.flags.contains(.isNegative) ? 1 : 0) - share)
        squares[index] += slope * slope * share * (1 - share)
      }
    }
    var test = 0.0
    for hour in 0..<72 { test += pow(negative[hour] - expected[hour], 2) / variance[hour] }
    #expect(test < chiSquareLimit(72), "chi-square \(test)")
    #expect(test > chiSquareFloor(72), "chi-square \(test)")
    for (score, square) in zip(scores, squares) { #expect(abs(score) < 4 * square.squareRoot(), "\(scores)") }
    #expect(Int64(negative.total) == play.counters[7])
  }

  /// One post in six opens a thread, so a thread has six posts in the mean.
  @Test func oneIdeaInSixPosts() throws {
    let model = try makeModel(members: 16_000) {
      $0.pagesPerSession = 3
      $0.posts.perParticipant = 2
    }
    let play = JamPlay(model)
    let posts = play.writes.filter { $0.verb == .publish }
    let ideas = posts.filter { $0.object == 0 }
    let (count, share) = (Double(posts.count), 1.0 / 6)
    #expect(count > 19_000)
    #expect(abs(Double(ideas.count) - count * share) < 4 * (count * share * (1 - share)).squareRoot())
    #expect(ideas.allSatisfy { $0.action == model.actions.postIdea })
    #expect(posts.allSatisfy { ($0.object == 0) == ($0.action == model.actions.postIdea) })
  }

  @Test func placesAreOpenedByZipf() throws {
    let play = JamPlay(try makeModel(members: 2_560))
    let total = play.opened.total
    let harmonic = (1...20).reduce(0.0) { $0 + 1 / Double($1) }
    let test = chiSquare(play.opened, (1...20).map { total / Double($0) / harmonic })
    #expect(test.cells == 20)
    #expect(test.value < chiSquareLimit(19), "chi-square \(test.value)")
    // 40% are opened as the idea alone.
    #expect(abs(Double(play.ideaReads) - 0.4 * total) < 4 * (total * 0.4 * 0.6).squareRoot())
    #expect(Double(play.ideaReads + play.threadReads) == total)
  }

  /// Visits of many pages, so that few end before all is opened that was chosen.
  @Test(arguments: [1.0, 3, 6]) func ideasOpenedFromAListing(_ mean: Double) throws {
    let play = JamPlay(
      try makeModel(members: 100) {
        $0.pagesPerSession = 400
        $0.reading.readsPerListing = mean
      })
    let opens = play.opensPerListing.map { Double($0) }
    #expect(opens.count > 5_000)
    #expect((opens.min() ?? 0) >= 1)
    // A geometric number from 1 up has variance m (m - 1).
    let allowed = 4 * sqrt(max(mean * (mean - 1), 0.01) / Double(opens.count))
    #expect(abs(opens.mean - mean) < allowed, "\(opens.mean) from a listing, wanted \(mean)")
  }

  /// Three marks plus quality and judgement, a standard deviation each, rounded and kept within 1 ... 5.
  @Test(arguments: [(1.0, 1.0), (0.5, 0.2), (0, 0)]) func marksAreRoundedNormal(_ spread: Double, _ noise: Double) throws {
    let play = JamPlay(
      try makeModel(members: 6_400) {
        $0.pagesPerSession = 4
        $0.posts.perParticipant = 0
        $0.ratings.perParticipant = 2
        $0.ratings.qualitySpread = spread
        $0.ratings.judgementNoise = noise
      })
    let marks = play.writes.filter { $0.verb == .react }
    #expect(marks.count == 8_000 || abs(marks.count - 8_000) < 10)
    var counts = [Double](repeating: 0, count: 5)
    for mark in marks { counts[Int(mark.value) - 1] += 1 }
    let deviation = (spread * spread + noise * noise).squareRoot()
    guard deviation > 0 else {
      #expect(counts[2] == Double(marks.count))
      return
    }
    let bounds = [0] + [-1.5, -0.5, 0.5, 1.5].map { normalCumulative($0 / deviation) } + [1]
    let expected = zip(bounds.dropFirst(), bounds).map { ($0 - $1) * Double(marks.count) }
    let test = chiSquare(counts, expected)
    #expect(test.value < chiSquareLimit(test.cells - 1), "chi-square \(test.value)")
  }
}
