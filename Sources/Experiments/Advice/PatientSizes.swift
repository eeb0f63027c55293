/// The numbers of training patients at which strategies are compared.
package enum PatientSizes {
  static let most = 5

  /// The smallest part that says anything: two patients of each class.
  package static func smallest(classes: Int) -> Int { max(4, 2 * classes) }

  /// All patients, half of them, a quarter and so on, ascending; where that would be more than five sizes, as many in equal ratios.
  ///
  /// - Parameter whole: the training patients that every fold has.
  package static func halving(_ whole: Int, classes: Int) -> [Int] {
    let least = smallest(classes: classes)
    guard whole > least else { return [whole] }
    var sizes = [whole]
    while sizes.count < most, sizes[sizes.count - 1] / 2 >= least { sizes.append(sizes[sizes.count - 1] / 2) }
    // Two points don't show a curve.
    if sizes.count < 3, whole - least >= 2 { sizes = [whole, (whole + least) / 2, least] }
    return sizes.reversed()
  }
}
