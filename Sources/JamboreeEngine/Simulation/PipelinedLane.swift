import JamboreeKit
import JamboreeMetrics

final class PipelinedLane: Lane {
  private let session: any PipelinedStorageSession
  init(
    session: any PipelinedStorageSession, recorder: LatencyRecorder, clock: MeasuringClock, ranker: any FeedRanker, salt: UInt64,
    interests: [UInt64]
  ) {
    self.session = session
    super.init(recorder: recorder, clock: clock, ranker: ranker, salt: salt, interests: interests)
  }
}
