import Glibc
import JamboreeKit

/// Schemas that go with their runs, and what becomes of one whose run was killed.
///
/// Each connection of a run holds a lock that is named after the schema, from before the schema is there; the server gives it up when the
/// last of them has gone. So what is marked as temporary and has nobody's lock is nobody's any more, and the next run removes it.
enum TemporarySchema {
  /// What the server keeps with one: a user may have given a schema of their own a name that looks the same.
  private static let mark = "jamboree: goes with the run that made it"
  private static let pattern = "^jamboree_[0-9]+_[0-9]+$"
  /// `JMBR`: a kind of locks of our own.
  private static let lockKind = 0x4A4D_4252
  /// Who has lost all connections to a server that was restarted tries again after two seconds at most.
  private static let absenceSeconds = 10.0

  static func newName() -> String { "jamboree_\(getpid())_\(UInt64.random(in: 0..<(1 << 40)))" }

  /// An expression that waits for the run's lock and holds it as long as the connection lasts.
  static func hold(_ schema: String) -> String { "pg_advisory_lock_shared(\(lock(schema)))" }

  private static func lock(_ schema: String) -> String { "\(lockKind), hashtext(\(literal(schema)))" }

  /// A statement that marks a schema as one that goes with its run.
  static func marking(_ schema: String) -> String { "COMMENT ON SCHEMA \(quoted(schema)) IS \(literal(mark))" }

  /// Removes what killed runs have left, as far as that can be done.
  static func removeLeft(_ control: ControlConnection) {
    guard let left = try? free(marked(control), control), !left.isEmpty, (try? control.pause(seconds: absenceSeconds)) != nil else { return }
    // One that cannot be removed, for somebody looks at it, keeps no other one.
    for schema in left where (try? take(schema, control)) == true { try? control.drop(schema, lockMilliseconds: 1_000) }
  }

  /// Those that go with a run, and that may be removed by who asks.
  private static func marked(_ control: ControlConnection) throws(BackendError) -> [String] {
    let names =
      try control.text(
        """
        SELECT string_agg(nspname, ' ') FROM pg_namespace
        WHERE nspname ~ \(literal(pattern)) AND obj_description(oid, 'pg_namespace') = \(literal(mark)) AND pg_has_role(nspowner, 'USAGE')
        """) ?? ""
    return names.split(separator: " ").map(String.init)
  }

  /// Those of which nobody holds the lock.
  private static func free(_ schemas: [String], _ control: ControlConnection) throws(BackendError) -> [String] {
    var found: [String] = []
    for schema in schemas where try take(schema, control) {
      // Not to be held while it is looked whether its run comes back.
      try control.execute("SELECT pg_advisory_unlock(\(lock(schema)))")
      found.append(schema)
    }
    return found
  }

  /// Takes the lock that keeps a run's connections from using its schema; false where one has it.
  private static func take(_ schema: String, _ control: ControlConnection) throws(BackendError) -> Bool {
    try control.text("SELECT pg_try_advisory_lock(\(lock(schema)))") == "t"
  }
}
