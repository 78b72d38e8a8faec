// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "polls",
  dependencies: [.package(name: "jamboree", path: "../../..")],
  targets: [
    .executableTarget(
      name: "polls",
      dependencies: [
        "JamboreeKit", "JamboreeWorkloads", "JamboreeScenario", "JamboreePopulation", "JamboreeEngine", "JamboreeMemory",
        "JamboreeRankers",
      ].map { .product(name: $0, package: "jamboree") })
  ])
