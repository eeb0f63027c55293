/// What an operator read from a file may not be. The initializers trap on our own mistakes; data from outside is checked here.
public struct OperatorDataError: Error, Hashable, Sendable, CustomStringConvertible {
  public let node: String
  public let expected: String

  public var description: String { "the node '\(node)' is malformed: expected \(expected)" }
}

extension Node {
  /// Extents beyond these are no network; products of four of them still fit in 64 bits.
  private static let channelLimit = 1 << 20
  private static let windowLimit = 1 << 8

  /// - Throws: for extents out of range, groups that don't divide, factors that aren't finite, a wrong number of inputs.
  func checkData() throws(OperatorDataError) {
    func require(_ condition: Bool, _ expected: String) throws(OperatorDataError) {
      guard condition else { throw OperatorDataError(node: name, expected: expected) }
    }
    func isCount(_ value: Int) -> Bool { (1...Self.channelLimit).contains(value) }
    func isWindow(_ value: Int) -> Bool { (1...Self.windowLimit).contains(value) }
    func isPadding(_ value: Int) -> Bool { (0...Self.windowLimit).contains(value) }

    try require(!name.isEmpty && name.utf8.count <= 512, "a name of at most 512 bytes")
    let arity =
      switch operation {
      case .input: 0...0
      case .add: 2...4096
      case .concatenation: 1...4096
      default: 1...1
      }
    try require(arity.contains(inputs.count), "\(arity.lowerBound == arity.upperBound ? "" : "at least ")\(arity.lowerBound) inputs")
    switch operation {
    case .input(let data): try require(isCount(data.channels), "a channel count")
    case .convolution(let data):
      try require(isCount(data.inputChannels) && isCount(data.outputChannels) && isCount(data.groups), "channel counts")
      try require(data.inputChannels % data.groups == 0 && data.outputChannels % data.groups == 0, "groups that divide the channels")
      try require([data.kernelHeight, data.kernelWidth, data.stride, data.dilation].allSatisfy(isWindow), "a kernel of 1 to 256 pixels")
      let sides = [data.padding.top, data.padding.left, data.padding.bottom, data.padding.right]
      try require(sides.allSatisfy(isPadding), "padding of 0 to 256 pixels")
    case .linear(let data): try require(isCount(data.inputFeatures) && isCount(data.outputFeatures), "feature counts")
    case .normalization(let data):
      try require(isCount(data.channels), "a channel count")
      try require(data.epsilon > 0 && data.epsilon.isFinite, "a positive epsilon")
      try require(data.updatesStored.map { (0...1).contains($0) } ?? true, "a momentum in 0…1")
      if case .group(let count) = data.grouping {
        try require(isCount(count) && data.channels % count == 0, "groups that divide the channels")
      }
      if case .perChannel(let flags) = data.grouping { try require(flags.count == data.channels, "one flag per channel") }
    case .pooling(let data):
      try require(isWindow(data.kernel) && isWindow(data.stride), "a window of 1 to 256 pixels")
      try require(isPadding(data.padding) && data.padding * 2 <= data.kernel, "padding of at most half the window")
    case .dropout(let data): try require((0..<1).contains(data.probability), "a probability in [0, 1)")
    case .subsampling(let data):
      try require(isWindow(data.stride), "a stride of 1 to 256 pixels")
      try require([data.channelsBefore, data.channelsAfter].allSatisfy { (0...Self.channelLimit).contains($0) }, "channel counts")
    case .scaling(let data): try require(data.factor.isFinite, "a finite factor")
    case .activation, .add, .concatenation, .globalAveragePooling, .flatten: break
    }
  }
}
