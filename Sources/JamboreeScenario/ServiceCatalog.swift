import JamboreeKit

/// The services that scenarios may use. A value: whoever composes an executable makes one.
public struct ServiceCatalog: Sendable {
  /// In the order in which documentation lists them; no two have the same id.
  public let services: [any Service.Type]

  /// - Parameter services: of two with the same id the later one counts, so that a program can put its own in the place
  ///   of one that ships.
  public init(_ services: [any Service.Type]) {
    var kept: [any Service.Type] = []
    for service in services {
      if let index = kept.firstIndex(where: { $0.descriptor.id == service.descriptor.id }) {
        kept[index] = service
      } else {
        kept.append(service)
      }
    }
    self.services = kept
  }

  public var ids: [String] { services.map { $0.descriptor.id } }

  func service(_ id: String) -> (any Service.Type)? { services.first { $0.descriptor.id == id } }
}
