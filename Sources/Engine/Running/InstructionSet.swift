import CKernels

/// The instruction sets that convolutions are planned for. Bits are promised per binary and instruction set.
public enum InstructionSet: String, Hashable, Sendable, CaseIterable {
  case portable, avx2, avx512

  /// The fastest this machine has; what is used unless another is asked for.
  public static var best: InstructionSet { InstructionSet(rawValue: name)! }

  /// Those this machine can run, slowest first.
  public static var available: [InstructionSet] { allCases.filter { $0.kernels.rawValue <= sa_best_instruction_set().rawValue } }

  /// The best one's name, for instance `avx2`.
  public static var name: String { String(cString: sa_instruction_set_name(sa_best_instruction_set())) }

  var kernels: sa_instruction_set {
    switch self {
    case .portable: SA_PORTABLE
    case .avx2: SA_AVX2
    case .avx512: SA_AVX512
    }
  }
}
