import Adaptation
import ArgumentParser
import Engine
import Foundation
import Graphs
import ModelFiles

/// For `inspect --plan`: what is compiled, for how many images of which size.
struct PlanOptions: ParsableArguments {
  @Option(help: "For --plan: inference, statistics, linear-probe, bn-only or full.")
  var purpose: PlanPurpose = .inference

  @Option(help: "For --plan: images in a batch.")
  var batch = 1

  @Option(help: "For --plan: pixels a side, the model's own unless given.")
  var size: Int?

  @Option(help: "For --plan: threads, which share the kernels' working memory.")
  var threads: Int?

  func validate() throws {
    if batch < 1 { throw ValidationError("--batch is at least 1, not \(batch)") }
    if let size, size < 1 { throw ValidationError("--size is at least 1 pixel, not \(size)") }
    if let threads, threads < 1 { throw ValidationError("--threads is at least 1, not \(threads)") }
  }

  func listing(of model: Model) throws -> Program.Listing {
    let own = model.card.inputShape
    let shape = size.map { FeatureShape(channels: own.channels, height: $0, width: $0) } ?? own
    do {
      let graph = purpose == .linearProbe ? model.graph.training(from: .stored) : model.graph
      let purpose = try purpose.compiled(for: graph)
      return try Program(graph: graph, inputs: [model.input: shape], batch: batch, purpose: purpose)
        .listing(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    } catch let error as PlanError where size != nil {
      throw ValidationError("--size \(size!): \(error)")
    } catch TrainablePlan.Failure.nothingTrains {
      throw ValidationError("--purpose \(purpose.rawValue): this network has nothing of that kind to train")
    }
  }
}

/// What `inspect --plan` compiles for.
enum PlanPurpose: String, ExpressibleByArgument, CaseIterable {
  case inference, statistics
  case linearProbe = "linear-probe"
  case bnOnly = "bn-only"
  case full

  func compiled(for graph: Graph) throws -> Purpose {
    let trained: [ParameterDeclaration]
    switch self {
    case .inference: return .inference()
    case .statistics: return .statistics
    case .linearProbe: trained = graph.headParameters
    case .bnOnly: trained = graph.parameters.filter { $0.role == .affine }
    case .full: trained = graph.parameters.filter { $0.role != .buffer }
    }
    return .gradients(of: .crossEntropy(), for: try TrainablePlan(trainable: Set(trained.map(\.id))))
  }
}
