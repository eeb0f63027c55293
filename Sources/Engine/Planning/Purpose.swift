import Graphs

/// What a graph is compiled for.
public enum Purpose: Hashable, Sendable {
  /// Outputs, and per image the moments of the named nodes' *outputs*. Each normalization uses its `inferenceSource`; dropout is gone.
  case inference(observing: Set<String> = [])
  /// The one-pass statistics pass: each normalization that keeps statistics normalizes by the batch's own biased moments, and the
  /// moments of each such normalization's *input* are returned per image, by its name.
  case statistics
  /// A training step: each normalization uses its `trainingSource`, dropout is drawn, and the loss of the graph's only output is
  /// differentiated with respect to what trains.
  case gradients(of: Loss, for: TrainablePlan)
}
