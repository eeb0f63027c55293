// swift-tools-version: 6.2
// The rooms of the house and the arrows between them: a target imports only what stands to its left in README's picture.
// SwiftPM refuses cycles, so this file is the plan and its enforcement.

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(of name: String, with dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: strict)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let csv: Target.Dependency = .product(name: "SwiftCSV", package: "SwiftCSV")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let collections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")

let package = Package(
  name: "ScanAdapt",
  products: [
    .executable(name: "scanadapt", targets: ["scanadapt"]),
    .library(name: "ScanAdapt", targets: ["Experiments", "Reports", "Phantoms"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    // bytes
    // libpng-dev, zlib1g-dev and libdeflate-dev of the system
    .target(
      name: "CPNGReader", cSettings: strictC, linkerSettings: [.linkedLibrary("png"), .linkedLibrary("z"), .linkedLibrary("deflate")]),
    .target(name: "CKernels", cSettings: strictC, linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
    room("Tensors"),
    room("RandomStreams"),
    room("LinearAlgebra"),
    room("Files", [crypto, .product(name: "SystemPackage", package: "swift-system")]),

    // pixels and people
    room("Imaging", ["CPNGReader", "Tensors", "RandomStreams"]),
    room("Cohorts", ["Files", "Imaging", "Tensors", "RandomStreams", crypto, collections, csv]),
    room("Phantoms", ["Files", "Imaging", "RandomStreams"]),

    // networks
    room("Graphs", ["Tensors", "RandomStreams", collections]),
    room("Engine", ["CKernels", "Graphs", "Tensors", "RandomStreams"]),
    room("ModelFiles", ["Files", "Graphs", "Tensors", "Imaging", crypto, collections]),

    // methods
    room("Normalization", ["LinearAlgebra", "Files", "Cohorts", "Imaging", "Engine", "ModelFiles", "Graphs", "Tensors", "RandomStreams"]),
    room("Evaluation", ["RandomStreams"]),
    room(
      "Adaptation",
      [
        "LinearAlgebra", "Files", "Normalization", "Evaluation", "Cohorts", "Imaging", "Engine", "ModelFiles", "Graphs", "Tensors",
        "RandomStreams",
      ]),

    // judgement
    room("Experiments", ["LinearAlgebra", "Files", "Adaptation", "Evaluation", "Cohorts", "Engine", "ModelFiles", "RandomStreams"]),
    room("Reports", ["Files", "Experiments", "Adaptation", "Normalization", "Evaluation", "Cohorts", mustache]),

    // faces
    .executableTarget(
      name: "scanadapt",
      dependencies: [
        "Reports", "Experiments", "Adaptation", "Normalization", "Evaluation", "Phantoms", "Cohorts", "Imaging", "ModelFiles", "Engine",
        "Graphs", "Files", arguments, .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "scanadapt-bench",
      dependencies: [
        "Reports", "Adaptation", "Normalization", "Phantoms", "Cohorts", "Imaging", "ModelFiles", "Engine", "CKernels", "Graphs", "Files",
        "Tensors", "RandomStreams", arguments,
      ],
      swiftSettings: strict),

    tests(of: "Tensors"),
    tests(of: "RandomStreams"),
    tests(of: "LinearAlgebra"),
    tests(of: "Files"),
    tests(of: "Imaging", with: ["RandomStreams", "Tensors", crypto]),
    tests(of: "Cohorts", with: ["Imaging", "Phantoms", "RandomStreams"]),
    tests(of: "Phantoms", with: ["Cohorts", "Imaging", "RandomStreams"]),
    tests(of: "Graphs"),
    tests(of: "Engine", with: ["Graphs", "Tensors", "RandomStreams"]),
    tests(of: "ModelFiles", with: ["Graphs", "Engine", "Imaging", "Tensors"]),
    tests(of: "Normalization", with: ["Files", "RandomStreams", "Engine", "Graphs", "Tensors", "Cohorts", "Imaging", "ModelFiles"]),
    tests(of: "Evaluation", with: ["RandomStreams"]),
    tests(
      of: "Adaptation",
      with: [
        "Phantoms", "RandomStreams", "Engine", "Graphs", "Cohorts", "Imaging", "ModelFiles", "Normalization", "Evaluation", "Files",
        "Tensors",
      ]),
    tests(
      of: "Experiments",
      with: ["Phantoms", "Evaluation", "Adaptation", "Cohorts", "Imaging", "Graphs", "ModelFiles", "Tensors", "RandomStreams", "Files"]),
    tests(of: "Reports", with: ["Experiments", "Evaluation", "Cohorts", "RandomStreams"]),
    tests(of: "scanadapt", with: ["Experiments", "Evaluation", "Cohorts"]),
  ],
  swiftLanguageModes: [.v6]
)
