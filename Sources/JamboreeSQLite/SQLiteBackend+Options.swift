import JamboreeKit

extension SQLiteBackend {
  public static let descriptor = BackendDescriptor(
    id: "sqlite", version: "1", summary: "one SQLite file: a writer that commits at each tick's end, readers in parallel",
    options: [
      OptionDescriptor(
        name: "synchronous", kind: .choice(["off", "normal", "full"]), defaultValue: "normal",
        summary: "what waits for the disk: nothing, checkpoints, every commit"),
      OptionDescriptor(
        name: "groupCommit", kind: .choice(["tick", "write"]), defaultValue: "tick",
        summary: "what is one transaction: all writes of a tick, or each write or group"),
      OptionDescriptor(
        name: "cacheMiB", kind: .integer(1...1_048_576), defaultValue: "256", summary: "page cache of each connection, MiB"),
      OptionDescriptor(
        name: "mmapMiB", kind: .integer(0...1_048_576), defaultValue: "0",
        summary: "how much of the file is read through a memory map, MiB; 0: none"),
      OptionDescriptor(
        name: "checkpointMiB", kind: .integer(1...65_536), defaultValue: "64",
        summary: "size of the log at which its pages are moved into the file, MiB"),
    ], location: "a file (a temporary one when left out)", durability: .process, writers: .single, atomicGroups: true,
    isolation: .serializable, concurrentOptions: ["groupCommit=write"], loadOptions: ["groupCommit=write"], locatesFile: true)

  struct Settings {
    let synchronous: String
    let commitsEachWrite: Bool
    let cacheKiB: Int64
    let mmapBytes: Int64
    let checkpointPages: Int64

    static let pageBytes: Int64 = 4096

    init(_ options: OptionValues) {
      synchronous = options.text("synchronous")
      commitsEachWrite = options.text("groupCommit") == "write"
      cacheKiB = options.integer("cacheMiB") << 10
      mmapBytes = options.integer("mmapMiB") << 20
      checkpointPages = (options.integer("checkpointMiB") << 20) / Settings.pageBytes
    }

    /// What holds for every connection once the file is loaded.
    var pragmas: String {
      """
      PRAGMA synchronous = \(synchronous);
      PRAGMA cache_size = -\(cacheKiB);
      PRAGMA mmap_size = \(mmapBytes);
      PRAGMA wal_autocheckpoint = \(checkpointPages);
      PRAGMA temp_store = memory;
      """
    }
  }
}
