import JamboreeKit

struct ArrivalSchedule: Sendable {
  private var index: Int64
  private let step: Int64
  private let rate: Double
  private let end: Int64

  init(stages: [LoadSettings.Stage], arrivals: LoadSettings.Arrivals, seed: Seed, worker: Int, of workers: Int) {
    index = Int64(worker)
    step = Int64(workers)
    rate = stages.first?.ratePerSecond ?? 0
    end = stages.first?.durationNanoseconds ?? 0
  }

  mutating func next() -> Int64? {
    let time = Int64((Double(index) + 0.5) * 1e9 / rate)
    index += step
    return time < end ? time : nil
  }
}
