import Glibc

/// The machine and the build that a run was made with: what must be equal for times to be comparable. It names no
/// host and no user.
public struct RunEnvironment: Sendable, Hashable {
  /// Name and release of the kernel, such as `Linux 6.8.0`.
  public var kernel: String
  /// The processor's model as it names itself; empty when it does not.
  public var cpuModel: String
  /// Logical processors that are online.
  public var logicalCores: Int
  /// Physical memory of the machine, in bytes.
  public var memoryBytes: Int64
  /// The compiler that the program was built with, such as `Swift 6.3`.
  public var compiler: String
  /// `debug` or `release`. Times of a debug build mean nothing.
  public var buildConfiguration: String
  /// Differs after each start of the machine; empty when it is not known.
  public var bootID: String
  /// The commit that was built, or nil when the program was not told.
  public var gitCommit: String?
  /// Whether the sources differed from that commit, or nil when the program was not told.
  public var gitDirty: Bool?
  /// The program's version.
  public var version: String

  public init(
    kernel: String, cpuModel: String, logicalCores: Int, memoryBytes: Int64, compiler: String, buildConfiguration: String,
    bootID: String, gitCommit: String?, gitDirty: Bool?, version: String
  ) {
    self.kernel = kernel
    self.cpuModel = cpuModel
    self.logicalCores = logicalCores
    self.memoryBytes = memoryBytes
    self.compiler = compiler
    self.buildConfiguration = buildConfiguration
    self.bootID = bootID
    self.gitCommit = gitCommit
    self.gitDirty = gitDirty
    self.version = version
  }

  /// Reads what this machine and this build are. The commit comes from the environment variables
  /// `JAMBOREE_GIT_COMMIT` and `JAMBOREE_GIT_DIRTY` (`0` or `1`), because a program does not know its own sources.
  ///
  /// - Parameter version: The program's version.
  public static func current(version: String) -> RunEnvironment {
    RunEnvironment(
      kernel: kernelRelease(), cpuModel: processorModel(cpuinfo: readTextFile("/proc/cpuinfo") ?? ""),
      logicalCores: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
      memoryBytes: Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))),
      compiler: compilerVersion, buildConfiguration: buildConfiguration,
      bootID: currentBootID,
      gitCommit: environmentVariable("JAMBOREE_GIT_COMMIT"),
      gitDirty: dirtyFlag(environmentVariable("JAMBOREE_GIT_DIRTY")), version: version)
  }

  /// Differs after each start of the machine; empty when it is not known.
  public static var currentBootID: String { trimmed(readTextFile("/proc/sys/kernel/random/boot_id") ?? "") }

  /// The configuration that this module was built in.
  static var buildConfiguration: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }

  // A program cannot ask its compiler at run time; it can only test for versions while it is compiled.
  static var compilerVersion: String {
    #if compiler(>=7)
      "Swift 7 or newer"
    #elseif compiler(>=6.5)
      "Swift 6.5 or newer"
    #elseif compiler(>=6.4)
      "Swift 6.4"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #else
      "Swift 6.2"
    #endif
  }

  /// `0` and `1` as they stand; anything else is not an answer.
  static func dirtyFlag(_ text: String?) -> Bool? {
    switch text {
    case "0": false
    case "1": true
    default: nil
    }
  }

  /// The first `model name` in the text of `/proc/cpuinfo`. Machines that do not have the line (some ARM ones) name
  /// the processor's parts by number, which is enough to tell two machines apart.
  static func processorModel(cpuinfo: String) -> String {
    var parts: [String] = []
    for line in cpuinfo.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let (name, value) = (trimmed(line[..<colon]), trimmed(line[line.index(after: colon)...]))
      switch name {
      case "model name": return value
      case "CPU implementer", "CPU part": if parts.count < 2 { parts.append(value) }
      default: break
      }
    }
    return parts.isEmpty ? "" : "CPU " + parts.joined(separator: " ")
  }
}

private func kernelRelease() -> String {
  guard let name = readTextFile("/proc/sys/kernel/ostype"), let release = readTextFile("/proc/sys/kernel/osrelease") else {
    return "Linux"
  }
  return trimmed(name) + " " + trimmed(release)
}

private func environmentVariable(_ name: String) -> String? {
  guard let value = getenv(name) else { return nil }
  let text = trimmed(String(cString: value))
  return text.isEmpty ? nil : text
}

private func trimmed(_ text: some StringProtocol) -> String {
  var rest = Substring(text)
  while let first = rest.first, first.isWhitespace { rest.removeFirst() }
  while let last = rest.last, last.isWhitespace { rest.removeLast() }
  return String(rest)
}
