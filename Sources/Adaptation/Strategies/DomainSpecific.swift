import Graphs
import ModelFiles
import Normalization

/// One network for several scanners, each with normalization of its own: convolutions and head are trained on all of them, a scanner per
/// batch, and every scanner keeps its statistics, and its gamma and beta unless they are shared, as a norm pack.
///
/// `y = gamma_d (x - mu_d) / sqrt(var_d + eps) + beta_d` for a scan of scanner d. `affine=shared` leaves one gamma and beta for all;
/// `weights=no` trains them alone, under frozen convolutions. **Statistics**: batch ones (one scanner's) while training, each scanner's
/// training patients' after. A scanner without labelled scans gets statistics and the mean of the others' gamma and beta. **Head**: trained
/// by default, one for all.
///
/// A scanner without a pack gets what `unknown` says: the nearest statistics, a mixture, the model itself (all scanners' pooled statistics,
/// the mean gamma and beta), or none. Nearest and mixture look at the scans that are asked about, without their labels. Adding a scanner
/// later (`bn-only` in a batch into the folder of packs) leaves the other packs and the model alone, and with them every bit they answer.
///
/// Helps when scanners differ more than patients do and share what is to be learnt: all labels serve one network, without one scanner's
/// statistics spoiling another's. Hurts when a scanner has few scans (its statistics are noise; blend them), and when the classes' shares
/// differ between scanners, which each scanner's statistics then hide.
///
/// Chang et al. 2019, "Domain-specific batch normalization for unsupervised domain adaptation"; Li et al. 2016 (AdaBN).
public struct DomainSpecific: AdaptationStrategy {
  public enum Affine: String, Hashable, Sendable, Codable, CaseIterable, StrategyOptionValue { case own, shared }

  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  public var affine: Affine
  /// Whether convolutions train, beside gamma and beta.
  public var trainsWeights: Bool
  public var unknownScanner: UnknownScannerPolicy

  public init(
    affine: Affine = .own, trainsWeights: Bool = true, unknownScanner: UnknownScannerPolicy = .nearestStatistics, head: HeadPolicy = .train
  ) {
    self.affine = affine
    self.trainsWeights = trainsWeights
    self.unknownScanner = unknownScanner
    self.head = head
  }

  public var name: String { "domain-specific" }
  public var summary: String {
    "one network, statistics\(affine == .own ? ", gamma and beta" : "") of each scanner" + (trainsWeights ? "" : ", convolutions frozen")
  }
  public var defaultTraining: TrainingConfiguration {
    trainsWeights ? FullFineTuning().defaultTraining : NormalizationOnly().defaultTraining
  }
  public var perScanner: PerScannerNormalization? {
    PerScannerNormalization(ownsAffine: affine == .own, unknownScanner: unknownScanner)
  }
  public static let options = [
    StrategyOption<Self>("affine", \.affine, "gamma and beta"),
    StrategyOption("weights", \.trainsWeights, "whether convolutions train"),
    StrategyOption("unknown", \.unknownScanner, "for a scanner without a pack"),
  ]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard !model.graph.recalibratableLayers.isEmpty else { throw StrategyError.noNormalization(strategy: name) }
    model = try model.replacingGraph(model.graph.training(from: .batch))
    return model.graph.trainablePlan(head: head) { trainsWeights || $0.role == .affine }
  }
}

extension UnknownScannerPolicy: StrategyOptionValue {}
