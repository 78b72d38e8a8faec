import Foundation
import JamboreeKit

/// The backend that is verified: makes it anew for each check, in a folder of its own where it keeps files.
final class VerifyTarget: Sendable {
  let reference: PlugInReference
  let descriptor: BackendDescriptor
  /// Nil for a backend that makes no files.
  private let folder: String?

  /// - Throws: ``PlugInError`` for a backend or an option that there is not; ``Failure`` when no folder can be made.
  init(_ text: String) throws {
    let reference = try PlugInReference(text)
    let known = try Composition.backends.make(reference).instance.descriptor
    guard known.locatesFile else {
      (self.reference, descriptor, folder) = (reference, known, nil)
      return
    }
    let folder = try Self.makeFolder(beside: reference.location)
    (self.reference, descriptor, self.folder) = (reference, known, folder)
    Interruption.shared.beforeLeaving {
      try? FileManager.default.removeItem(atPath: folder)
      return false
    }
  }

  deinit {
    Interruption.shared.beforeLeaving(nil)
    if let folder { try? FileManager.default.removeItem(atPath: folder) }
  }

  private static func makeFolder(beside location: String) throws -> String {
    let files = FileManager.default
    let folder =
      location.isEmpty
      ? files.temporaryDirectory.appending(path: "jamboree-verify-\(UUID().uuidString)").path : "\(location).verify"
    guard !files.fileExists(atPath: folder) else {
      throw Failure(code: Failure.usage, message: "\(folder) is there already, and the checks want a folder of their own of that name; remove it, or name another file")
    }
    do {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: false)
    } catch {
      throw Failure(
        code: Failure.io,
        message: "no folder can be made at \(folder) (\(String(cString: strerror(errno)))); make it possible, or name a file elsewhere")
    }
    return folder
  }

  /// Puts nothing at all into the backend, to see that there is one.
  /// - Throws: what loading throws, as `unreachable`.
  func reach() throws {
    let backend = try Composition.backends.make(fresh()).instance.backend
    let nobody = Population(
      regions: [Region(name: "nowhere", share: 1, utcOffsetMinutes: 0)], regionIndices: [], roles: [], affiliations: [], interests: [],
      graph: SocialGraph(memberCount: 0))
    try backend.load(Dataset(population: nobody, containers: [], history: OperationLog()))
    try backend.finish()
  }

  /// A reference to a place with nothing in it.
  func fresh(adding options: [String] = []) -> PlugInReference {
    let place = folder.map { reference.located(at: "\($0)/data-\(UUID().uuidString).sqlite") } ?? reference
    return place.adding(options)
  }

  /// The same for data that must outlive the process that makes it.
  func lasting(adding options: [String]) -> PlugInReference {
    guard let option = descriptor.placeOption else { return fresh(adding: options) }
    return reference.adding(options + ["\(option)=jamboree_verify_\(UUID().uuidString.lowercased())"])
  }

  /// A backend with nothing in it.
  func make(adding options: [String] = []) throws -> BackendInstance {
    try Composition.backends.make(fresh(adding: options)).instance
  }
}
