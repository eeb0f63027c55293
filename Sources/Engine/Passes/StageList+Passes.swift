extension StageList {
  /// All rewrites in their order, for the purpose at hand.
  mutating func optimize(for purpose: Purpose) {
    if case .gradients = purpose { removeIdentities(keepingDropout: true) } else { removeIdentities(keepingDropout: false) }
    readThroughFlatten()
    foldStoredNormalizations()
    fuseAdditions()
    fuseActivations()
    deferNormalizations()
    requestMomentsFromConvolutions()
    fuseInvertedResiduals()
  }
}
