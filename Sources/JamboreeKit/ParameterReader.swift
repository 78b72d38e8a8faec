// stand-in until the real reader is written
public struct ParameterReader { public init() {} }
