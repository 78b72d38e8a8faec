/// What one crowd of a service sets out to do during a run. It is dealt out before the start, from (seed, member) alone, and whatever
/// members are shown changes nothing of it.
public struct PlannedCrowd: Sendable, Hashable {
  /// How often something will be done.
  public struct Amount: Sendable, Hashable {
    /// Of the action, such as `wiki.view`.
    public let action: String
    public let count: Int64

    public init(action: String, count: Int64) { (self.action, self.count) = (action, count) }
  }

  /// The service's id, and behind it which of several crowds it is: the first part of its metrics' names.
  public let name: String
  /// How many use the service at all.
  public let people: Int
  /// How many of them come during the run.
  public let participants: Int
  /// How many working days' weight the run's hours have: 1 for 24 hours of one. What is given for a working day is done so many
  /// times. Nil where nothing is given by the day.
  public let workingDays: Double?
  /// In the order of the service's actions.
  public let amounts: [Amount]

  public init(name: String, people: Int, participants: Int, workingDays: Double?, amounts: [Amount]) {
    (self.name, self.people, self.participants) = (name, people, participants)
    (self.workingDays, self.amounts) = (workingDays, amounts)
  }
}
