import Tensors
import Testing

@Suite("Aligned storage")
struct AlignedStorageTests {
  @Test("Blocks of many sizes that come and go keep their own values", arguments: [1, 4])
  func recycling(threads: Int) async {
    await withTaskGroup(of: Bool.self) { group in
      for thread in 0..<threads {
        group.addTask {
          var state = UInt64(thread + 1)
          func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
          }
          var held: [(storage: AlignedStorage, value: Float)] = []
          for round in 0..<400 {
            if held.count > 12 { held.remove(at: next(held.count)) }
            // From a few bytes to 10 MB, a float beyond a page now and then.
            let storage = AlignedStorage(uninitializedCount: [1, 1000, 65536, 65537, 300_000, 2_600_000][next(6)] + next(3))
            guard Int(bitPattern: storage.pointer) % 64 == 0 else { return false }
            let value = Float(1000 * thread + round)
            (storage.values[0], storage.values[storage.count / 2], storage.values[storage.count - 1]) = (value, value, value)
            held.append((storage, value))
            for (storage, value) in held {
              guard storage.values[0] == value, storage.values[storage.count / 2] == value, storage.values[storage.count - 1] == value
              else { return false }
            }
          }
          return true
        }
      }
      for await intact in group { #expect(intact) }
    }
  }
}
