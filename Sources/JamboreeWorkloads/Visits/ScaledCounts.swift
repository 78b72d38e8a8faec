import Glibc
import JamboreeKit

/// The most items of the platform's own that a service can number, with one number left for an item that has a place of its own.
let mostPlatformItems = 0xFF_FFFE

extension ScenarioExtent {
  /// Refuses a scale at which there would be more of something than can be numbered.
  /// - Parameters:
  ///   - count: how many there are at scale 1.
  ///   - key: of the service.
  func check(_ count: Int, _ key: String, atMost most: Int) throws(ServiceFault) {
    let scaled = (Double(count) * scale).rounded()
    guard scaled > Double(most) else { return }
    throw ServiceFault(
      key, "\(count)\(scaledText(scaled)) are more than the \(most) that there are numbers for; lower it\(scale > 1 ? " or --scale" : "")")
  }

  private func scaledText(_ scaled: Double) -> String { scale == 1 ? "" : " at scale \(plain(scale)), which makes \(plain(scaled))," }

  /// Refuses a history of which one author would have more than there are numbers for: a member's items from before the start are
  /// numbered apart from those of the run.
  /// - Parameters:
  ///   - count: how many items there are, scaled.
  ///   - share: of them, that the author has who has most, on average.
  ///   - key: of the service.
  ///   - remedy: as in "raise writers.share".
  func check(history count: Double, ofOne share: Double, _ key: String, remedy: String) throws(ServiceFault) {
    // They are drawn, so one may have more than the mean.
    let most = count * share + 6 * (count * share).squareRoot()
    guard count > Double(BudgetDeal.mostOfOne), most > Double(BudgetDeal.mostOfOne) else { return }
    throw ServiceFault(
      key,
      "one author would have about \(plain((count * share).rounded())) of them, and there are numbers for \(BudgetDeal.mostOfOne); lower it"
        + "\(scale > 1 ? " or --scale" : ""), or \(remedy)")
  }

  // MARK: Whom a service is for

  /// How many of the people there are, at the scenario's own size.
  private func count(_ audience: Audience) -> Int? {
    switch audience {
    case .employees: full.employees
    case .alumni: full.alumni
    case .public_: nil
    }
  }

  /// Refuses a service that the scenario has nobody for, be it at its own size.
  /// - Parameter key: of the share of them who use it.
  func check(_ audience: Audience, _ share: Double, _ key: String) throws(ServiceFault) {
    guard share > 0, count(audience) == 0 else { return }
    let (people, isAlumni) = if case .alumni = audience { ("alumni", true) } else { ("employees", false) }
    let room = isAlumni && full.employees == full.members ? ", and population.members above population.employees" : ""
    throw ServiceFault(
      key, "it is for \(people), and the population has none; raise population.\(people)\(room), set it to 0, or leave the service out")
  }

  /// Refuses a service that the scenario has nobody for, though something is to be done there.
  func check(_ audience: Audience, _ visits: VisitParameters) throws(ServiceFault) {
    if visits.actionsPerDay > 0 { try check(audience, visits.participation, "participation") }
  }

  /// How many use a service, as ``Audience`` draws them.
  func users(_ visits: VisitParameters) -> Int { Int((Double(scaled.employees) * visits.participation).rounded()) }

  /// The share that the one who writes most has of what all employees write, by the habits of the run; 0 where nobody writes.
  func largestWriterShare(_ visits: VisitParameters) -> Double {
    let users = users(visits)
    let curve = ArrivalCurve(
      visits.arrivals, regions: regions, startMinuteOfWeek: startMinuteOfWeek, durationNanoseconds: durationNanoseconds)
    let coming = VisitModel.coming(users, visits.dailyActive, days: VisitModel.days(curve, regions))
    let writers = BudgetDeal.writerCount(visits, coming: coming)
    let heavy = BudgetDeal.heavyCount(visits, writers: writers)
    guard writers > 0 else { return 0 }
    guard heavy > 0 else { return 1 / Double(writers) }
    return visits.writers.heavyFactor / (Double(heavy) * visits.writers.heavyFactor + Double(writers - heavy))
  }
}

/// The share of the largest of so many strata of a lognormal distribution, about.
func largestShare(sigma: Double, of count: Int) -> Double {
  guard count > 1 else { return 1 }
  let place = standardNormalQuantile((Double(count) - 0.5) / Double(count))
  // In means: the largest, and all that are not larger.
  let largest = exp(sigma * place - sigma * sigma / 2)
  let all = Double(count) * 0.5 * erfc((sigma - place) / 2.0.squareRoot()) + largest / 2
  return min(largest / all, 1)
}
