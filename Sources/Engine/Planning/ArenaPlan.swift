/// Where each buffer stands in one arena, decided by when it is alive.
///
/// Buffers whose lives overlap never share a byte. The largest are placed first, each at the lowest offset that is free for its
/// whole life.
struct ArenaPlan: Sendable {
  /// By buffer; nil for the caller's and for buffers nobody touches.
  private(set) var offsets: [Int?]
  private(set) var byteCount = 0
  /// The steps between which each stretch of the arena holds something wanted.
  private(set) var lives: [(buffers: [Int], first: Int, last: Int, bytes: Int)] = []

  private struct Tenant {
    var buffers: [Int]
    let bytes: Int
    var first: Int
    var last: Int
  }

  init(buffers: [Buffer], steps: [any Step]) {
    offsets = [Int?](repeating: nil, count: buffers.count)
    var tenants = Self.lives(buffers, steps)
    Self.shareInPlace(&tenants, buffers, steps)
    lives = tenants.map { ($0.buffers, $0.first, $0.last, $0.bytes) }
    var placed: [(tenant: Tenant, offset: Int)] = []
    let order = tenants.indices.sorted { (tenants[$1].bytes, tenants[$0].first) < (tenants[$0].bytes, tenants[$1].first) }
    for index in order {
      let tenant = tenants[index]
      let neighbours = placed.filter { $0.tenant.first <= tenant.last && tenant.first <= $0.tenant.last }.sorted { $0.offset < $1.offset }
      var offset = 0
      for neighbour in neighbours where neighbour.offset < offset + tenant.bytes {
        offset = max(offset, neighbour.offset + neighbour.tenant.bytes)
      }
      placed.append((tenant, offset))
      for buffer in tenant.buffers { offsets[buffer] = offset }
      byteCount = max(byteCount, offset + tenant.bytes)
    }
  }

  private static func lives(_ buffers: [Buffer], _ steps: [any Step]) -> [Tenant] {
    var first = [Int?](repeating: nil, count: buffers.count)
    var last = [Int](repeating: 0, count: buffers.count)
    for (position, step) in steps.enumerated() {
      for buffer in step.reads + step.writes {
        if first[buffer.index] == nil { first[buffer.index] = position }
        last[buffer.index] = position
      }
    }
    return buffers.indices.compactMap { index in
      guard buffers[index].home == .arena, let start = first[index] else { return nil }
      let bytes = (buffers[index].byteCount + 63) / 64 * 64
      return Tenant(buffers: [index], bytes: bytes, first: start, last: buffers[index].livesToEnd ? steps.count : last[index])
    }
  }

  /// An output born at the step where its input dies takes the input's place, where the step allows it.
  private static func shareInPlace(_ tenants: inout [Tenant], _ buffers: [Buffer], _ steps: [any Step]) {
    var tenantOf = [Int: Int](minimumCapacity: buffers.count)
    for (index, tenant) in tenants.enumerated() { tenantOf[tenant.buffers[0]] = index }
    for (position, step) in steps.enumerated() {
      for (output, input) in step.replacements {
        guard let young = tenantOf[output.index], let old = tenantOf[input.index], young != old,
          tenants[young].bytes == tenants[old].bytes, tenants[young].first == position, tenants[old].last == position,
          !step.reads.contains(output)
        else { continue }
        tenants[old].buffers += tenants[young].buffers
        tenants[old].last = tenants[young].last
        for buffer in tenants[young].buffers { tenantOf[buffer] = old }
        tenants[young].buffers = []
        break
      }
    }
    tenants.removeAll { $0.buffers.isEmpty }
  }
}
