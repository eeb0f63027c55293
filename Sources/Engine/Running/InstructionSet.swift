import CKernels

/// The instruction set that the kernels of this process use. Bits are promised per binary and instruction set.
public enum InstructionSet {
  /// For instance `avx2`.
  public static var name: String { String(cString: sa_instruction_set_name(sa_best_instruction_set())) }
}
