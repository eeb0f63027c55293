import Cohorts

extension AuditFinding.Kind {
  /// What was found, and one sentence of what to do.
  var wording: (title: String, advice: String) {
    switch self {
    case .patientInTwoSplits:
      ("a patient is in two splits", "Put all scans of each of these patients into one split.")
    case .samePixels:
      (
        "the same pixels under several patients",
        "Find out whose scans these are; until then pass on groups.csv, whose group column keeps these patients together."
      )
    case .nearDuplicates:
      (
        "the same picture, changed, under several patients",
        "Look at the pairs; unless they are two people, pass on groups.csv, whose group column keeps these patients together."
      )
    case .patientNameVariants:
      ("patients whose names differ only in case, spaces or Unicode form", "Spell each patient in one way, or pass on groups.csv.")
    case .patientLeadingZeros:
      ("patients whose numbers differ only in leading zeros", "Check whether a spreadsheet cut zeros off, and restore them.")
    case .patientsKnownToModel:
      ("patients the model was fitted on", "Leave them out of every test: a score on them says nothing about new patients.")
    case .modelPatientsUnknown:
      (
        "whether the model has seen these patients can't be told",
        "Name its patients with --pretrained-on, or give the key of its card with --pseudonym-key."
      )
    case .patientsNotStated:
      (
        "who the patients are isn't stated",
        "Fill the patient column, or state with --patient-column path that every scan is its own patient."
      )
    case .repeatedScans:
      ("the same pixels several times under one patient", "Keep one of each, so that it doesn't count several times.")
    case .labelConflict:
      ("the same pixels under different labels", "Decide which label is right.")
    case .lookalikes:
      ("pictures of different patients that look much alike", "Look at the pairs: below the bound for duplicates, but near it.")
    case .nearDuplicatesNotSearched:
      (
        "scans too small or too empty to tell near duplicates from mere likeness",
        "Only equal pixels were looked for among these; check their origin otherwise."
      )
    case .labelGoesWithScanner:
      (
        "labels go with scanners",
        "A network can read the label off the scanner: evaluate within scanners, and balance classes over scanners where you can."
      )
    case .classOnOneScanner:
      ("all of a class comes from one scanner", "Get this class from another scanner, or leave it out of comparisons between scanners.")
    case .labelGoesWithFiles:
      (
        "labels go with how files are made",
        "A network can read the label off the file: export all scans in one way, and crop or resize them alike."
      )
    case .labelNameVariants: ("labels that differ only in case or spaces", "Spell each label in one way.")
    case .scannerNameVariants: ("scanners whose names differ only in case or spaces", "Spell each scanner in one way.")
    case .labelsUnknownToModel: ("labels the model doesn't know", "Map them to the model's classes, or give it a new head.")
    case .modelClassesWithoutScans: ("classes of the model that no scan has", "Scores for these classes can't be had from this cohort.")
    case .unreadable: ("scans that couldn't be read", "Export them again, or take their rows out; they are listed on stderr.")
    case .damagedButRead: ("files with errors that could be read all the same", "Export them again.")
    case .filesWithoutRows: ("files that no row names", "Add rows for them, or move them away.")
    case .blank: ("blank scans", "Take them out: there is nothing in them.")
    case .mixedFormats: ("one scanner's files have different formats", "Export them in one way, or name two scanners.")
    case .inverted:
      ("scans that are dark where their scanner's others are bright", "Look at them, and invert those that were exported inverted.")
    case .constantBorders: ("scans with wide constant borders", "Crop them if the border isn't part of every scan.")
    case .saturated: ("scans with far more pixels at the largest value than usual", "Export them again with a wider window.")
    case .rangeOutliers: ("scans whose range is far from their scanner's", "Check whether they were scaled in another way.")
    case .refusedByModel: ("scans the model's preprocessing refuses", "Convert them, or change the preprocessing.")
    case .outsideModelRange:
      ("scans that hardly use the model's input range", "Use a scaling that fits the samples, such as scale=percentile:1,99.")
    }
  }
}

extension AuditFinding.Severity {
  var word: String {
    switch self {
    case .leak: "LEAK"
    case .warning: "warning"
    case .note: "note"
    }
  }
}

extension AuditFinding {
  var title: String { kind.wording.title + (subject.map { ": " + $0.visible(limit: 120) } ?? "") }

  var evidence: String { numbers.map { "\($0.name.visible(limit: 40)) \(Figures.short($0.value))" }.joined(separator: ", ") }

  var sentence: String {
    var parts: [String] = []
    if scanCount > 0 { parts.append("\(Figures.count(scanCount)) scan\(scanCount == 1 ? "" : "s")") }
    if patientCount > 0 { parts.append(Figures.patients(patientCount)) }
    if !numbers.isEmpty { parts.append(evidence) }
    return title + (parts.isEmpty ? "" : " (" + parts.joined(separator: "; ") + ")") + ". " + kind.wording.advice
  }
}

extension AuditAssociation {
  var sentence: String {
    let beyond = textbookPValue.map { ", exact or chi-squared p \(Figures.probability($0))" } ?? ""
    return
      "labels and \(subject.visible(limit: 60)): Cramér's V \(Figures.score(cramersV)), p \(Figures.probability(pValue)) by "
      + "\(Figures.count(draws)) permutations of \(Figures.patients(patients))\(beyond)"
  }
}
