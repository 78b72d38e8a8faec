// swift-tools-version: 6.2
import PackageDescription

/// Settings that every target shares. `Lifetimes` lets the feed views of JamboreeKit be non-escapable, so a ranker
/// can never keep a pointer into a reply after the call in which it got it.
let shared: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Lifetimes"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: shared)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: shared)
}

let package = Package(
  name: "jamboree",
  products: [
    .executable(name: "jamboree", targets: ["jamboree"]),
    .library(name: "JamboreeKit", targets: ["JamboreeKit"]),
    .library(name: "JamboreeTesting", targets: ["JamboreeTesting"]),
    .library(name: "JamboreePopulation", targets: ["JamboreePopulation"]),
    .library(name: "JamboreeWorkloads", targets: ["JamboreeWorkloads"]),
    .library(name: "JamboreeScenario", targets: ["JamboreeScenario"]),
    .library(name: "JamboreeEngine", targets: ["JamboreeEngine"]),
    .library(name: "JamboreeMemory", targets: ["JamboreeMemory"]),
    .library(name: "JamboreeSQLite", targets: ["JamboreeSQLite"]),
    .library(name: "JamboreePostgres", targets: ["JamboreePostgres"]),
    .library(name: "JamboreeRankers", targets: ["JamboreeRankers"]),
    .library(name: "JamboreeExec", targets: ["JamboreeExec"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    // Bottom first; an arrow always points upwards in this list.
    .systemLibrary(name: "CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLinux"),
    module("JamboreeKit"),
    module(
      "JamboreeMetrics",
      ["JamboreeKit", "CJemalloc", .product(name: "Histogram", package: "hdrhistogram-swift")]),
    module("JamboreePopulation", ["JamboreeKit", "CZlib"]),
    module("JamboreeWorkloads", ["JamboreeKit", "JamboreePopulation"]),
    module("JamboreeScenario", ["JamboreeKit", "JamboreePopulation", "JamboreeWorkloads", .product(name: "Yams", package: "Yams")]),
    module(
      "JamboreeEngine",
      ["JamboreeKit", "JamboreeMetrics", "JamboreePopulation", "CLinux", .product(name: "DequeModule", package: "swift-collections")]),
    module("JamboreeRankers", ["JamboreeKit"]),
    .target(name: "CEchoRanker"),
    module("JamboreeExec", ["JamboreeKit", "CLinux"]),
    module("JamboreeMemory", ["JamboreeKit", "CLinux"], exclude: ["README.md"]),
    module("JamboreeSQLite", ["JamboreeKit", "CSQLite"], exclude: ["README.md"]),
    module(
      "JamboreePostgres", ["JamboreeKit", "CLibPQ", .product(name: "DequeModule", package: "swift-collections")],
      exclude: ["README.md"]),
    module(
      "JamboreeResults",
      [
        "JamboreeKit", "JamboreeMetrics", "JamboreeEngine",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ]),
    module("JamboreeTesting", ["JamboreeKit"]),
    .executableTarget(
      name: "jamboree",
      dependencies: [
        "JamboreeKit", "JamboreeMetrics", "JamboreePopulation", "JamboreeWorkloads", "JamboreeScenario",
        "JamboreeEngine", "JamboreeRankers", "JamboreeExec", "JamboreeMemory", "JamboreeSQLite", "JamboreePostgres", "JamboreeResults",
        "JamboreeTesting", "CEchoRanker", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: shared),
    tests("JamboreeKitTests", ["JamboreeKit"]),
    tests("JamboreeMetricsTests", ["JamboreeMetrics", "JamboreeKit"]),
    tests("JamboreePopulationTests", ["JamboreePopulation", "JamboreeKit"]),
    tests("JamboreeWorkloadsTests", ["JamboreeWorkloads", "JamboreePopulation", "JamboreeKit"]),
    tests("JamboreeScenarioTests", ["JamboreeScenario", "JamboreeKit", "JamboreeWorkloads"]),
    tests(
      "JamboreeEngineTests",
      [
        "JamboreeEngine", "JamboreeKit", "JamboreeMetrics", "JamboreePopulation", "JamboreeWorkloads",
        "JamboreeScenario", "JamboreeRankers", "JamboreeExec", "JamboreeMemory", "JamboreeSQLite", "JamboreePostgres", "JamboreeTesting",
      ]),
    tests(
      "JamboreeBackendTests",
      ["JamboreeTesting", "JamboreeMemory", "JamboreeSQLite", "JamboreePostgres", "JamboreeRankers", "JamboreeKit"]),
    tests(
      "JamboreeResultsTests",
      ["JamboreeResults", "JamboreeMetrics", "JamboreeEngine", "JamboreeKit", .product(name: "GRDB", package: "GRDB.swift")],
      exclude: ["Files"]),
    // Runs the program as a user does; `swift build` puts it beside the tests. What a run has kept is read with the modules. A verdict
    // on what nobody can bring about by the program's own rankers is asked for in this process.
    tests(
      "JamboreeCommandTests",
      ["jamboree", "JamboreeResults", "JamboreeMetrics", "JamboreeScenario", "JamboreeEngine", "JamboreeKit"]),
  ]
)
