#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension FileStamp {
  init(_ status: stat) {
    self.init(
      size: Int64(status.st_size), inode: UInt64(status.st_ino), modifiedNanoseconds: status.modifiedNanoseconds,
      changedNanoseconds: status.changedNanoseconds)
  }
}
