import CKernels
import Graphs

/// A program in the making: hands out buffers, collects steps, and keeps the books of gradients (`PlanBuilder+Gradients`).
struct PlanBuilder {
  let list: StageList
  private let producers: [String: Int]
  /// The batch's size.
  let images: Int
  let instructionSet: sa_instruction_set
  let loss: Loss?
  private(set) var buffers: [Buffer] = []
  private(set) var steps: [any Step] = []
  private(set) var packings: [PackedWeights] = []
  private(set) var affines: [StoredAffine] = []
  private(set) var statisticsUpdates: [StatisticsUpdate] = []
  /// Moments to return, by the name they are reported under.
  private(set) var reports: [(name: String, moments: MomentsReference)] = []
  /// Normalizations that take statistics of a single value per channel at this batch size.
  private(set) var singleValued: String?

  private(set) var homes: [String: MapReference] = [:]
  private var moments: [String: MomentsReference] = [:]
  /// What a stage's forward steps leave for its backward steps: winners of a pooling, a dropout's mask.
  private(set) var saved: [String: BufferID] = [:]
  /// By a normalization's output that one maximum pooling reads: what won there, before it was normalized.
  private(set) var winners: [String: MapReference] = [:]
  private var computed: [String: ChannelAffine] = [:]
  var books = GradientBooks()

  init(list: StageList, images: Int, loss: Loss?, instructionSet: InstructionSet) {
    self.list = list
    producers = list.producers
    self.images = images
    self.loss = loss
    self.instructionSet = instructionSet.kernels
  }

  func shape(of value: String) -> FeatureShape { list.shapes[value]! }

  // MARK: buffers

  mutating func buffer(bytes: Int, home: Buffer.Home = .arena, livesToEnd: Bool = false) -> BufferID {
    buffers.append(Buffer(byteCount: bytes, home: home, livesToEnd: livesToEnd))
    return BufferID(index: buffers.count - 1)
  }

  mutating func floats(_ count: Int) -> BufferID { buffer(bytes: count * MemoryLayout<Float>.stride) }
  mutating func doubles(_ count: Int) -> BufferID { buffer(bytes: count * MemoryLayout<Double>.stride) }

  mutating func map(_ shape: FeatureShape, home: Buffer.Home = .arena) -> MapReference {
    MapReference(buffer(bytes: images * shape.paddedCount * MemoryLayout<Float>.stride, home: home), shape)
  }

  mutating func remember(_ affine: ChannelAffine, for normalization: String) { computed[normalization] = affine }

  func affine(for normalization: String) -> ChannelAffine { computed[normalization]! }

  mutating func save(_ buffer: BufferID, for stage: String) -> BufferID {
    saved[stage] = buffer
    return buffer
  }

  /// Where a value is; it is given a buffer of its own unless a pass has placed it.
  mutating func home(of value: String) -> MapReference {
    if let home = homes[value] { return home }
    let home = map(shape(of: value), home: list.outputs.contains(value) ? .output(value) : .arena)
    homes[value] = home
    return home
  }

  mutating func place(_ value: String, at home: MapReference) {
    precondition(homes[value] == nil, "\(value) has a place already")
    homes[value] = home
  }

  /// A map for what won a maximum of `value`.
  mutating func keepWinners(of value: String, shape: FeatureShape) -> MapReference {
    let map = map(shape)
    winners[value] = map
    return map
  }

  // MARK: steps and what they need

  mutating func emit(_ step: some Step) { steps.append(step) }

  mutating func require(_ weights: PackedWeights) { if !packings.contains(where: { $0.key == weights.key }) { packings.append(weights) } }

  mutating func require(_ affine: StoredAffine) { if !affines.contains(where: { $0.path == affine.path }) { affines.append(affine) } }

  mutating func update(_ update: StatisticsUpdate) {
    statisticsUpdates.append(update)
    buffers[update.moments.buffer.index].livesToEnd = true
  }

  mutating func takesBatchStatistics(_ normalization: String, values: Int) {
    if values == 1, singleValued == nil { singleValued = normalization }
  }

  // MARK: moments

  /// A buffer for moments of `value` that another step (a convolution's epilogue) will fill.
  mutating func newMoments(of value: String) -> MomentsReference {
    let channels = shape(of: value).channels
    let reference = MomentsReference(buffer: doubles(2 * images * channels), channels: channels)
    moments[value] = reference
    return reference
  }

  /// The moments of `value`, taken now unless they have been taken already.
  mutating func moments(of value: String) -> MomentsReference {
    if let known = moments[value] { return known }
    if let position = producers[value], let concatenation = list.stages[position] as? ConcatenationStage {
      let parts = concatenation.inputs.map { moments(of: $0) }
      let reference = newMoments(of: value)
      emit(ConcatenatedMomentsStep(node: value, moments: reference, parts: parts, images: images))
      return reference
    }
    let home = home(of: value)
    let reference = newMoments(of: value)
    emit(MomentsStep(node: value, input: home, moments: reference, images: images))
    return reference
  }

  mutating func report(_ moments: MomentsReference, as name: String) {
    reports.append((name, moments))
    buffers[moments.buffer.index].livesToEnd = true
  }
}
