/// The row that inner folds choose.
enum ChosenInside {
  static let name = "chosen-inside"
}
