import JamboreeKit

/// What a client other than this one needs to do the same on the same data, for a comparison of the two.
extension PostgresBackend {
  /// The statement of a verb that is one statement, with PostgreSQL's `$1`, `$2` and so on for its parameters, which are
  ///
  /// - `item`: the viewer (the member's number and one), the item
  /// - `react`: the item, the member, the kind of reaction, its value, and 1 since the kind takes the value
  ///
  /// nil for any other verb.
  public static func statement(of verb: Verb) -> String? {
    switch verb {
    case .item: Statement.item.sql
    case .react: Statement.react.sql
    default: nil
    }
  }

  /// What this backend's connections are told first, as libpq's environment variable `PGOPTIONS` has it.
  public var connectionOptions: String {
    settings.values.map { name, value in
      "-c \(name)=" + value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
    }.joined(separator: " ")
  }

  /// Where the server is, as libpq has it, without the password, which goes by libpq's environment variable `PGPASSWORD`.
  public var connectionString: String { withoutPassword(settings.connectionString) }
}
