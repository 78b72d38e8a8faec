import Histogram
import JamboreeKit
import JamboreeMetrics

extension AuditJudge {
  /// Adds up what a worker counted.
  mutating func count(_ counts: AuditCounts) {
    note {
      $0.acknowledgedWrites += counts.acknowledged
      $0.unknownWrites += counts.unknown
      for verb in Verb.allCases where verb.isWrite && counts.notAudited[Int(verb.rawValue)] > 0 {
        $0.notAuditedWrites[verb, default: 0] += counts.notAudited[Int(verb.rawValue)]
      }
    }
  }

  /// Adds up what the workers' probes found.
  mutating func addProbes(_ schedules: [ProbeSchedule]) {
    let ledger = ledger
    note { report in
      var timeline = StalenessTimeline()
      for schedule in schedules {
        report.staleness.add(schedule.histogram)
        timeline.add(schedule.timeline)
        report.unansweredProbes += schedule.unanswered
        report.neverSeen += schedule.unseenBeyond
        for unseen in schedule.unseen {
          // Somebody may have deleted it before it was seen. Where not all deletions are known, it says nothing.
          let isKnown = ledger.knowsAllDeletions || ledger.samples(unseen.item)
          guard isKnown, ledger.deletion(of: unseen.item) == .never else { continue }
          timeline.add(unseen)
          report.neverSeen += 1
        }
      }
      report.stalenessBucketNanoseconds = timeline.bucketNanoseconds
      report.stalenessTimeline = timeline.inOrder.map { start, bucket in
        AuditReport.StalenessBucket(
          startNanoseconds: start, probes: bucket.probes, violations: bucket.violations,
          maxStalenessNanoseconds: bucket.maxStalenessNanoseconds)
      }
      for bucket in report.stalenessTimeline {
        report.probes += bucket.probes
        report.readYourWritesViolations += bucket.violations
      }
    }
  }
}
