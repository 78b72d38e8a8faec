import JamboreeKit

/// The services that scenarios may use. A value: whoever composes an executable makes one.
public struct ServiceCatalog: Sendable {
  public let services: [any Service.Type]

  public init(_ services: [any Service.Type]) { self.services = services }

  public var ids: [String] { services.map { $0.descriptor.id } }

  func service(_ id: String) -> (any Service.Type)? { services.first { $0.descriptor.id == id } }
}
