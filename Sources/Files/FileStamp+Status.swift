#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension FileStamp {
  init(_ status: stat) {
    self.init(size: Int64(status.st_size), modifiedNanoseconds: status.modifiedNanoseconds, inode: UInt64(status.st_ino))
  }
}
