import JamboreeKit

/// A service that has a place which anybody may look at: others find it by this, and need not know the service.
public protocol PublicPlace: Service {
  /// The container that lists its public posts.
  /// - Parameter number: the service's number in the scenario.
  static func publicPlace(ofService number: UInt8) -> ContainerID
}

extension ServiceSetup {
  /// The public places of the scenario's services, in their order.
  var publicPlaces: [ContainerID] {
    services.enumerated().compactMap { number, service in
      (type(of: service) as? any PublicPlace.Type)?.publicPlace(ofService: UInt8(truncatingIfNeeded: number))
    }
  }
}
