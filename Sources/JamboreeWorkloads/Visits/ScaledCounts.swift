import JamboreeKit

/// The most items of the platform's own that a service can number, with one number left for an item that has a place of its own.
let mostPlatformItems = 0xFF_FFFE

extension ServiceSetup {
  /// Refuses a scale at which there would be more of something than can be numbered. At scale 1 the parameter's range sees to it.
  /// - Parameters:
  ///   - count: how many there are at scale 1.
  ///   - key: of the scenario.
  func check(_ count: Int, _ key: String, atMost most: Int) throws(ConfigurationError) {
    let scaled = (Double(count) * scale).rounded()
    guard scaled > Double(most) else { return }
    throw ConfigurationError(
      file: "--scale \(plain(scale))", line: nil, path: key,
      message: "\(count) would be \(plain(scaled)), and there are numbers for \(most); lower it or the scale")
  }
}
