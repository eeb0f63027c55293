import Graphs
import ModelFiles

/// A model as `inspect` prints it: what it needs to be used rightly, and what it is made of.
struct ModelSummary {
  let model: Model

  init(_ model: Model) { self.model = model }

  var text: String {
    let card = model.card
    let trainable = model.parameters.declarations.filter { $0.role != .buffer }
    let counts = ParameterRole.allCases.map { role in
      "\(role.rawValue) \(model.parameters.declarations.filter { $0.role == role }.map(\.shape.count).reduce(0, +))"
    }
    var lines = [
      "architecture    \(card.architecture?.rawValue ?? "a graph of its own")",
      "input           \(card.inputShape)",
      "preprocessing   \(card.preprocessing)",
      "classes         \(card.labels.count <= 20 ? card.labels.joined(separator: ", ") : "\(card.labels.count), in index order")"
        + (card.output == .sigmoid ? "; a probability each" : ""),
      "parameters      \(trainable.map(\.shape.count).reduce(0, +)) (\(counts.joined(separator: ", ")))",
      "normalizations  \(model.graph.normalizations.count); statistics: \(card.statistics)",
      "fitted on       \(patients)",
      "backbone        sha256 \(model.backboneHash)",
    ]
    lines += card.provenance.map { "provenance      \($0)" }
    return lines.joined(separator: "\n")
  }

  private var patients: String {
    let fitted = model.card.fittedPatients
    let known = fitted.groups.map(\.hashes.count).reduce(0, +)
    if fitted.isComplete { return known == 0 ? "no patients" : "\(known) known patients" }
    return known == 0 ? "unknown patients" : "\(known) known patients, and others unknown"
  }
}
