/// What a system under test has used of its machine, as of one moment, where it is another process than the harness. Two readings
/// are subtracted to get what a part of a run cost, except of the sizes, which are compared.
///
/// A figure that is not known is nil: that of a server elsewhere, say, or of another user's processes.
public struct ServerUsage: Sendable, Hashable {
  /// How the memory of processes that share a part of it is added up.
  public enum MemoryMeasure: Sendable, Hashable {
    /// What is shared is divided among those who share it, so that the sum is what is taken.
    case proportional
    /// What each process has for itself alone: shared memory, which holds a database's cache, is left out.
    case unshared
  }

  /// Processor time of all its processes since they started, those that have ended since included, in nanoseconds.
  public var cpuNanoseconds: Int64?
  /// Memory that its processes have now, in bytes; what that means is in ``memoryMeasure``.
  public var residentBytes: Int64?
  public var memoryMeasure: MemoryMeasure
  /// Bytes that were read from the disk since it started; what the system had in its cache is not among them.
  public var diskReadBytes: Int64?
  /// Bytes that were written to the disk, or to the system's cache to be written later, since it started.
  public var diskWrittenBytes: Int64?
  /// Bytes of its log, by which it recovers, that were written since it was set up.
  public var logBytes: Int64?
  /// What the data of this run take on its disk now, in bytes, indexes included.
  public var dataBytes: Int64?

  public init(
    cpuNanoseconds: Int64? = nil, residentBytes: Int64? = nil, memoryMeasure: MemoryMeasure = .proportional,
    diskReadBytes: Int64? = nil, diskWrittenBytes: Int64? = nil, logBytes: Int64? = nil, dataBytes: Int64? = nil
  ) {
    self.cpuNanoseconds = cpuNanoseconds
    self.residentBytes = residentBytes
    self.memoryMeasure = memoryMeasure
    self.diskReadBytes = diskReadBytes
    self.diskWrittenBytes = diskWrittenBytes
    self.logBytes = logBytes
    self.dataBytes = dataBytes
  }
}
